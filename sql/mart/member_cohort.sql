-- One row per person who joined and k, for the k-th calendar month after that of
-- the join, whether or not it has come; community 'all' is the first join to any
-- and the activity in all. Imports count, leavers stay. Only the two k that
-- shares of people are made of: kpi.cohort_retention counts the others.
--
-- person_id: the human
-- community_id: where; all for all together
-- joined_on: local date of the join
-- cohort_month: first day of its month
-- k: months after that: retention_month, and 3
-- month_start: first day of the month looked at
-- is_active: active in that month
-- is_activated: acted meaningfully within activation_window_days of the join
--
-- slice: person_id
-- slice mart.member_lifecycle: person_id
-- slice mart.person_period: person_id
with
joins as (
    select
        l.person_id,
        l.community_id,
        l.first_joined_on as joined_on,
        l.first_joined_at,
        l.first_meaningful_at
    from mart.member_lifecycle as l
    union all
    select
        l.person_id,
        'all' as community_id,
        l.first_joined_on as joined_on,
        l.first_joined_at,
        l.first_meaningful_at
    from mart.member_lifecycle as l
    where l.is_first_community
),

cohorts as (
    select
        j.person_id,
        j.community_id,
        j.joined_on,
        to_month(j.joined_on) as cohort_month,
        coalesce(
            hours_between(j.first_joined_at, j.first_meaningful_at) < 24 * param('activation_window_days'), false
        ) as is_activated
    from joins as j
),

months as (
    select
        c.cohort_month,
        k.k,
        add_months(c.cohort_month, k.k) as month_start
    from (select distinct c.cohort_month from cohorts as c) as c
    cross join (select cast(param('retention_month') as integer) as k union select 3) as k
),

final as (
    select
        c.person_id,
        c.community_id,
        c.joined_on,
        c.cohort_month,
        m.k,
        m.month_start,
        coalesce(p.is_active, false) as is_active,
        c.is_activated
    from cohorts as c
    inner join months as m on m.cohort_month = c.cohort_month
    left join mart.person_period as p
        on p.grain = 'month' and p.period_start = m.month_start
        and p.person_id = c.person_id and p.community_id = c.community_id
)

select * from final
