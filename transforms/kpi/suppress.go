package kpi

// suppress hides cells of fewer people than the threshold, and where exactly
// one of a set is hidden also the next smallest, which would give it away.
const suppress = `insert into kpi.value
with
small as (
    select c.*, c.segment_type <> 'all' and c.n > 0 and c.n < c.privacy_k as is_small
    from completed as c
),

placed as (
    select
        s.*,
        count(*) filter (where s.is_small) over (
            partition by s.kpi_id, s.grain, s.period_start, s.segment_type
        ) as small_cells,
        row_number() over (
            partition by s.kpi_id, s.grain, s.period_start, s.segment_type, s.n >= s.privacy_k
            order by s.n nulls last, s.segment_value nulls last
        ) as place
    from small as s
),

hidden as (
    select
        p.*,
        p.is_small or (
            p.small_cells = 1 and p.segment_type <> 'all' and p.n >= p.privacy_k and p.place = 1
        ) as is_hidden
    from placed as p
)

select
    h.kpi_id, h.grain, h.period_start, h.period_end, h.segment_type, h.segment_value,
    case when h.is_hidden then null else h.numerator end as numerator,
    case when h.is_hidden then null else h.denominator end as denominator,
    case when h.is_hidden then null else h.value end as value,
    case when h.is_hidden then null else h.n end as n,
    case when h.is_hidden then null else h.ci_low end as ci_low,
    case when h.is_hidden then null else h.ci_high end as ci_high,
    h.is_partial, h.is_final,
    case when h.is_small then 'suppressed' when h.is_hidden then 'suppressed_complementary' else h.status end as status,
    h.version as definition_version,
    cast(? as timestamp) as computed_at,
    cast(? as varchar) as build_id,
    h.sql_hash
from hidden as h
order by h.kpi_id nulls last, h.grain nulls last, h.period_start nulls last, h.segment_type nulls last,
    h.segment_value nulls last`
