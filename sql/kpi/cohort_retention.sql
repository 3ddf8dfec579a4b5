-- One row per month of joining, month after it and slice: how many of those who
-- joined were active again. Cohorts of fewer than five people are hidden, and so
-- are months in which fewer than five, but somebody, came back; the whole is
-- exempt, and where one slice is hidden the next smallest is too.
--
-- cohort_type: community_join
-- cohort_grain: month
-- cohort_period: first day of the month of joining
-- period_index: months after that, 1 to 12
-- segment_type: all or community
-- segment_value: the community; all for the whole
-- cohort_size: people who joined; null where hidden
-- retained: of these, active in that month; null where hidden
-- retention: retained / cohort_size
-- is_mature: that month is over and covered
-- status: ok, suppressed or suppressed_complementary
with
counted as (
    select
        m.cohort_month,
        m.k,
        m.month_start,
        m.community_id,
        count(*) as cohort_size,
        count(*) filter (where m.is_active) as retained
    from mart.member_cohort as m
    group by m.cohort_month, m.k, m.month_start, m.community_id
),

small as (
    select
        c.*,
        c.community_id <> 'all' and (c.cohort_size < 5 or (c.retained > 0 and c.retained < 5)) as is_small
    from counted as c
),

placed as (
    select
        s.*,
        count(*) filter (where s.is_small) over (
            partition by s.cohort_month, s.k, s.community_id = 'all'
        ) as small_cells,
        row_number() over (
            partition by s.cohort_month, s.k, s.community_id = 'all', s.is_small
            order by s.cohort_size nulls last, s.community_id nulls last
        ) as place
    from small as s
),

hidden as (
    select
        p.*,
        p.is_small or (p.small_cells = 1 and p.place = 1 and p.community_id <> 'all') as is_hidden
    from placed as p
),

closed as (
    select v.period_start, not v.is_partial as is_closed
    from kpi.value as v
    where v.kpi_id = 'community_mau' and v.grain = 'month' and v.segment_type = 'all'
),

final as (
    select
        'community_join' as cohort_type,
        'month' as cohort_grain,
        h.cohort_month as cohort_period,
        cast(h.k as integer) as period_index,
        case when h.community_id = 'all' then 'all' else 'community' end as segment_type,
        h.community_id as segment_value,
        case when not h.is_hidden then h.cohort_size end as cohort_size,
        case when not h.is_hidden then h.retained end as retained,
        case when not h.is_hidden then safe_div(h.retained, h.cohort_size) end as retention,
        coalesce(c.is_closed, false) as is_mature,
        case
            when h.is_small then 'suppressed'
            when h.is_hidden then 'suppressed_complementary'
            else 'ok'
        end as status
    from hidden as h
    left join closed as c on c.period_start = h.month_start
)

select * from final
order by cohort_period nulls last, period_index nulls last, segment_type nulls last, segment_value nulls last
