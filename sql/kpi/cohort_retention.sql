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
joins as (
    select l.person_id, l.community_id, to_month(l.first_joined_on) as cohort_month
    from mart.member_lifecycle as l
    union all
    select l.person_id, 'all' as community_id, to_month(l.first_joined_on) as cohort_month
    from mart.member_lifecycle as l
    where l.is_first_community
),

cohorts as (
    select j.cohort_month, j.community_id, count(*) as cohort_size
    from joins as j
    group by j.cohort_month, j.community_id
),

months as (
    select c.cohort_month, k.k, add_months(c.cohort_month, k.k) as month_start
    from (select distinct c.cohort_month from cohorts as c) as c
    cross join (
        values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12)
    ) as k (k)
    where add_months(c.cohort_month, k.k) <= cast(setting('today') as date)
),

-- Only who was active is looked up: everybody else of the cohort was not.
returned as (
    select j.cohort_month, j.community_id, p.period_start as month_start, count(*) as retained
    from mart.person_period as p
    inner join joins as j on j.person_id = p.person_id and j.community_id = p.community_id
    where p.grain = 'month' and p.is_active
    group by j.cohort_month, j.community_id, p.period_start
),

counted as (
    select
        c.cohort_month,
        m.k,
        m.month_start,
        c.community_id,
        c.cohort_size,
        coalesce(r.retained, 0) as retained
    from cohorts as c
    inner join months as m on m.cohort_month = c.cohort_month
    left join returned as r
        on r.cohort_month = c.cohort_month and r.community_id = c.community_id and r.month_start = m.month_start
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
