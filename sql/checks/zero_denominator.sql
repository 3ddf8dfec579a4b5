-- severity: fail
-- A share or mean is missing if and only if nothing is behind it. A median is
-- missing too while most of its amounts are not reached yet.
select v.kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value, v.status
from kpi.value as v
inner join kpi.dictionary as d on d.kpi_id = v.kpi_id and d.definition_version = v.definition_version
where d.measure in ('ratio', 'distinct_ratio', 'sum_per_distinct', 'mean', 'median', 'nps')
    and v.status not in ('suppressed', 'suppressed_complementary', 'missing_rate')
    and (
        (v.value is not null and coalesce(v.denominator, 0) = 0)
        or (v.value is null and v.denominator > 0 and d.measure <> 'median')
    )
