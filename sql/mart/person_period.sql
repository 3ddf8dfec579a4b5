-- One row per person who contributed, grain (week, month, quarter) and period.
--
-- grain: week, month or quarter
-- period_start: first day of the period
-- person_id: the human
-- active_days: days with a contribution
-- threads: threads opened
-- replies: replies written
with
person_days as (
    select
        d.person_id,
        d.happened_on,
        cast(sum(d.threads) as bigint) as threads,
        cast(sum(d.replies) as bigint) as replies
    from mart.person_day_community as d
    group by d.person_id, d.happened_on
),

weeks as (
    select 'week' as grain, c.week_start as period_start, d.person_id,
        count(*) as active_days,
        cast(sum(d.threads) as bigint) as threads,
        cast(sum(d.replies) as bigint) as replies
    from person_days as d
    inner join ref.calendar as c on c.date_day = d.happened_on
    group by c.week_start, d.person_id
),

months as (
    select 'month' as grain, c.month_start as period_start, d.person_id,
        count(*) as active_days,
        cast(sum(d.threads) as bigint) as threads,
        cast(sum(d.replies) as bigint) as replies
    from person_days as d
    inner join ref.calendar as c on c.date_day = d.happened_on
    group by c.month_start, d.person_id
),

quarters as (
    select 'quarter' as grain, c.quarter_start as period_start, d.person_id,
        count(*) as active_days,
        cast(sum(d.threads) as bigint) as threads,
        cast(sum(d.replies) as bigint) as replies
    from person_days as d
    inner join ref.calendar as c on c.date_day = d.happened_on
    group by c.quarter_start, d.person_id
),

final as (
    select * from weeks
    union all
    select * from months
    union all
    select * from quarters
)

select * from final
