-- The weekly review of community and support. One row per KPI of the pack and
-- week.
--
-- place: order within the pack
-- kpi_id: id of the KPI, see kpi.dictionary
-- name: display name
-- grain: week, month or quarter: the pack's cadence
-- period_start: first local day of the period
-- period_end: the day after its last
-- value: the value in the KPI's unit; null where hidden or where nothing stands behind it
-- unit: unit of the value; ratios are 0 to 1
-- direction: which way is better: up, down, either
-- ci_low: lower end of the 95 % interval
-- ci_high: upper end of the 95 % interval
-- n: distinct people behind the denominator
-- status: ok, zero_denominator, low_n, suppressed, suppressed_complementary or missing_rate
-- is_partial: the period is not over, not covered by every source, or not mature
-- is_final: covered, mature and past its restatement horizon
-- prior_period_change: value less that of the period before, like for like
-- prior_period_pct: that change as a share of the earlier value
-- prior_year_change: value less that of a year before, like for like
-- prior_year_pct: that change as a share of the earlier value
-- is_significant: whether the change on the period before is more than chance; null: too short a history to tell
-- target_value: the target set for the period
-- leading: a leading indicator
-- outcome: an outcome rather than an activity
-- owner: role that answers for it
select
    p.place,
    p.kpi_id,
    p.name,
    p.grain,
    p.period_start,
    p.period_end,
    p.value,
    p.unit,
    p.direction,
    p.ci_low,
    p.ci_high,
    p.n,
    p.status,
    p.is_partial,
    p.is_final,
    p.prior_period_change,
    p.prior_period_pct,
    p.prior_year_change,
    p.prior_year_pct,
    p.is_significant,
    p.target_value,
    p."leading",
    p.outcome,
    p.owner
from kpi.pack as p
where p.pack = 'operations'
order by p.period_start nulls last, p.place nulls last
