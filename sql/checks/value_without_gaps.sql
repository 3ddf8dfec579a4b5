-- severity: fail
-- Between the first and the last period of a slice none is missing. A hole in
-- what the sources cover leaves partial periods beside it and is no fault.
with
followed as (
    select
        v.kpi_id, v.grain, v.segment_type, v.segment_value, v.period_end, v.is_partial,
        lead(v.period_start) over w as next_start,
        lead(v.is_partial) over w as next_is_partial
    from kpi.value as v
    window w as (partition by v.kpi_id, v.grain, v.segment_type, v.segment_value order by v.period_start)
)

select f.kpi_id, f.grain, f.segment_type, f.segment_value, f.period_end as missing_from, f.next_start as missing_until
from followed as f
where f.next_start > f.period_end and not f.is_partial and not f.next_is_partial
