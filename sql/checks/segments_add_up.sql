-- severity: fail
-- The communities of an additive KPI sum to all of them.
with
sums as (
    select
        v.kpi_id, v.grain, v.period_start,
        sum(v.value) filter (where v.segment_type = 'community') as parts,
        max(v.value) filter (where v.segment_type = 'all') as whole,
        bool_or(v.status in ('suppressed', 'suppressed_complementary')) as has_hidden,
        count(*) filter (where v.segment_type = 'community') as cells
    from kpi.value as v
    inner join kpi.dictionary as d on d.kpi_id = v.kpi_id
    where d.additive = 'add'
    group by v.kpi_id, v.grain, v.period_start
)

select * from sums
where cells > 0 and not has_hidden and parts is distinct from whole
