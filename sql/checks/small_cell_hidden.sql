-- severity: fail
-- No cell of fewer people than the privacy threshold is shown, and none is the
-- only hidden one beside others of its set.
with
cells as (
    select
        v.kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value, v.n, v.value,
        v.status in ('suppressed', 'suppressed_complementary') as is_hidden,
        d.privacy_k
    from kpi.value as v
    inner join kpi.dictionary as d on d.kpi_id = v.kpi_id
    where v.segment_type <> 'all'
),

sets as (
    select
        kpi_id, grain, period_start, segment_type, 'one hidden cell beside shown ones' as fault
    from cells
    group by kpi_id, grain, period_start, segment_type
    having count(*) filter (where is_hidden) = 1 and count(*) filter (where not is_hidden and n > 0) > 0
)

select kpi_id, grain, period_start, segment_type, 'small cell shown' as fault
from cells
where not is_hidden and n > 0 and n < privacy_k
union all
select * from sets
