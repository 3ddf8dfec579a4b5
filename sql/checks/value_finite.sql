-- severity: fail
-- Values and their parts are finite.
select v.kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value, v.value
from kpi.value as v
where not coalesce(isfinite(v.value), true)
    or not coalesce(isfinite(v.numerator), true)
    or not coalesce(isfinite(v.denominator), true)
    or not coalesce(isfinite(v.ci_low), true)
    or not coalesce(isfinite(v.ci_high), true)
