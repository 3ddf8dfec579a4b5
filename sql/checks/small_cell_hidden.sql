-- severity: fail
-- No cell of fewer people than the privacy threshold is shown, and none is the
-- only hidden one beside others of its set.
with
cells as (
    select
        v.kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value, v.n, d.privacy_k,
        v.status in ('suppressed', 'suppressed_complementary') as is_hidden,
        v.segment_type <> 'all' or d.privacy_k >= 10 as is_held
    from kpi.value as v
    inner join kpi.dictionary as d on d.kpi_id = v.kpi_id and d.definition_version = v.definition_version
)

select kpi_id, grain, period_start, segment_type, 'small cell shown' as fault
from cells
where is_held and not is_hidden and n > 0 and n < privacy_k
union all
select kpi_id, grain, period_start, segment_type, 'one hidden cell beside shown ones' as fault
from cells
group by kpi_id, grain, period_start, segment_type
having count(*) filter (where is_hidden) = 1 and count(*) filter (where not is_hidden and n > 0) > 0
union all
select v.kpi_id, v.grain, v.period_start, v.segment_type, 'hidden cell with a number' as fault
from kpi.value as v
where v.status in ('suppressed', 'suppressed_complementary')
    and coalesce(v.value, v.numerator, v.denominator, v.n, v.ci_low, v.ci_high, v.low, v.high) is not null
