-- One row per local day, from the start of the year of the earliest event to
-- 400 days ahead. Quarters and years follow the fiscal year where one is
-- configured; a fiscal year is named after the calendar year in which it ends.
--
-- date_day: the day
-- iso_year: year of the ISO week
-- iso_week: ISO week
-- week_start: Monday of its week
-- month_start: first day of its month
-- quarter_start: first day of its quarter
-- year_start: first day of its year
-- fiscal_year: year in which the fiscal year ends
-- fiscal_quarter: quarter of the fiscal year, 1 to 4
-- fiscal_month: month of the fiscal year, 1 to 12
-- fiscal_week: week of the fiscal year, 1 to 53, counted in sevens from its first day
-- is_weekend: Saturday or Sunday
-- is_business_day: neither
with
bounds as (
    select
        d.first_on as first_day,
        cast(setting('today') as date) as today,
        cast(setting('fiscal_year_start') as integer) - 1 as shift
    from ref.data_start as d
),

days as (
    select
        b.shift,
        cast(
            unnest(generate_series(
                cast(date_trunc('year', b.first_day - to_months(b.shift)) + to_months(b.shift) as date),
                b.today + 400,
                interval 1 day
            )) as date
        ) as date_day
    from bounds as b
),

shifted as (
    select
        d.date_day,
        d.shift,
        cast(date_trunc('month', d.date_day) - to_months(d.shift) as date) as moved_month
    from days as d
),

final as (
    select
        date_day,
        cast(isoyear(date_day) as integer) as iso_year,
        cast(week(date_day) as integer) as iso_week,
        cast(date_trunc('week', date_day) as date) as week_start,
        cast(date_trunc('month', date_day) as date) as month_start,
        cast(date_trunc('quarter', moved_month) + to_months(shift) as date) as quarter_start,
        cast(date_trunc('year', moved_month) + to_months(shift) as date) as year_start,
        cast(year(moved_month) + case when shift = 0 then 0 else 1 end as integer) as fiscal_year,
        cast(quarter(moved_month) as integer) as fiscal_quarter,
        cast(month(moved_month) as integer) as fiscal_month,
        cast(
            (date_day - cast(date_trunc('year', moved_month) + to_months(shift) as date)) // 7 + 1 as integer
        ) as fiscal_week,
        isodow(date_day) in (6, 7) as is_weekend,
        isodow(date_day) not in (6, 7) as is_business_day
    from shifted
)

select * from final
order by date_day
