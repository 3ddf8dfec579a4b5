-- severity: fail
-- A share lies between 0 and 1 and within its interval.
select v.kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value, v.value
from kpi.value as v
inner join kpi.dictionary as d on d.kpi_id = v.kpi_id
where d.unit = 'ratio'
    and (v.value < 0 or v.value > 1 or v.ci_low > v.value + 1e-9 or v.ci_high < v.value - 1e-9)
