-- One row per target that somebody set, from the community's own baseline.
-- Benchmarks never become targets by themselves.
--
-- kpi_id: id of the KPI
-- segment_type: all, or what the target is sliced by
-- segment_value: the slice; all for the whole
-- grain: day, week, month, quarter or year
-- period_start: first local day of the period it holds for
-- baseline_value: the value it starts from
-- target_value: the value it shall become
-- set_by: role or name of who set it
-- rationale: why
select
    t.kpi_id,
    t.segment_type,
    t.segment_value,
    t.grain,
    t.period_start,
    t.baseline_value,
    t.target_value,
    t.set_by,
    t.rationale
from history.target as t
