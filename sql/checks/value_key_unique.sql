-- severity: fail
-- A KPI has one value per grain, period and segment.
select v.kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value, count(*) as copies
from kpi.value as v
group by v.kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value
having count(*) > 1
