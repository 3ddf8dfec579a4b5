-- severity: fail
-- A share, mean or median is missing if and only if nothing is behind it.
select v.kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value, v.status
from kpi.value as v
inner join kpi.dictionary as d on d.kpi_id = v.kpi_id
where d.measure in ('ratio', 'mean', 'median')
    and v.status not in ('suppressed', 'suppressed_complementary')
    and (v.value is null) <> (v.denominator = 0)
