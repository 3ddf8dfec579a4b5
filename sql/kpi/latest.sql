-- The newest whole period of every KPI, grain and slice; the newest partial one
-- where none is whole.
--
-- kpi_id: id of the KPI, see kpi.dictionary
-- grain: day, week, month, quarter or year
-- period_start: first local day of the period
-- period_end: the day after its last
-- segment_type: all, or what the value is sliced by
-- segment_value: the slice; all for the whole
-- numerator: what is counted or summed; null where hidden
-- denominator: what it is divided by, or the number of amounts behind a median
-- value: the value in the KPI's unit; null where hidden or where nothing stands behind it
-- n: distinct people behind the denominator; null where hidden or where no people stand behind it
-- ci_low: lower end of the 95 % interval
-- ci_high: upper end of the 95 % interval
-- is_partial: the period is not over, not covered by every source, or not mature
-- is_final: covered, mature and past its restatement horizon
-- status: ok, zero_denominator, low_n, suppressed, suppressed_complementary or missing_rate
-- definition_version: version of the definition it was computed by
-- computed_at: when, UTC
-- build_id: by which build
-- sql_hash: identifies the computation
with
placed as (
    select
        v.*,
        row_number() over (
            partition by v.kpi_id, v.grain, v.segment_type, v.segment_value
            order by v.is_partial nulls last, v.period_start desc nulls last
        ) as place
    from kpi.value as v
),

final as (
    select
        p.kpi_id,
        p.grain,
        p.period_start,
        p.period_end,
        p.segment_type,
        p.segment_value,
        p.numerator,
        p.denominator,
        p.value,
        p.n,
        p.ci_low,
        p.ci_high,
        p.is_partial,
        p.is_final,
        p.status,
        p.definition_version,
        p.computed_at,
        p.build_id,
        p.sql_hash
    from placed as p
    where p.place = 1
)

select * from final
order by kpi_id nulls last, grain nulls last, segment_type nulls last, segment_value nulls last
