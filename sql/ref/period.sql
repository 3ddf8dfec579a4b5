-- One row per day, week, month, quarter and year of the calendar.
--
-- grain: day, week, month, quarter or year
-- period_start: its first day
-- period_end: the day after its last
-- days: how many days it has
-- label: 2026-02-05, 2026-W06, 2026-02, 2026-Q1, 2026; fiscal ones begin with FY
-- prev_period_start: first day of the period before
-- prior_year_start: first day of the same period a year before; for weeks 52 weeks
with
prefix as (
    select case when setting('fiscal_year_start') = '1' then '' else 'FY' end as fiscal
),

periods as (
    select 'day' as grain, date_day as period_start, date_day + 1 as period_end,
        strftime(date_day, '%Y-%m-%d') as label,
        date_day - 1 as prev_period_start,
        cast(date_day - interval 1 year as date) as prior_year_start
    from ref.calendar
    union all
    select distinct 'week', week_start, week_start + 7,
        iso_year || '-W' || lpad(cast(iso_week as varchar), 2, '0'),
        week_start - 7, week_start - 364
    from ref.calendar
    union all
    select distinct 'month', month_start, cast(month_start + interval 1 month as date),
        strftime(month_start, '%Y-%m'),
        cast(month_start - interval 1 month as date), cast(month_start - interval 1 year as date)
    from ref.calendar
    union all
    select distinct 'quarter', quarter_start, cast(quarter_start + interval 3 months as date),
        fiscal || fiscal_year || '-Q' || fiscal_quarter,
        cast(quarter_start - interval 3 months as date), cast(quarter_start - interval 1 year as date)
    from ref.calendar, prefix
    union all
    select distinct 'year', year_start, cast(year_start + interval 1 year as date),
        fiscal || fiscal_year,
        cast(year_start - interval 1 year as date), cast(year_start - interval 1 year as date)
    from ref.calendar, prefix
),

final as (
    select
        grain,
        period_start,
        period_end,
        cast(period_end - period_start as integer) as days,
        label,
        prev_period_start,
        prior_year_start
    from periods
)

select * from final
order by grain, period_start
