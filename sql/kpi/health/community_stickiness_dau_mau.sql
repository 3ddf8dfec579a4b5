/*
kpi "community_stickiness_dau_mau" {
  name        = "Community stickiness"
  definition  = "Mean over the days of the period of that day's active members divided by the members active in the 30 days that end with it. Days without an active member in 30 days are skipped, and so are days that no source covers: nobody could be seen on them. Numerator and denominator are the means of the two counts, so their quotient is near the value and not equal to it. Read the change before the level; not offered by day, since weekends dip."
  formula     = "mean of DAU / MAU of 30 days, over the covered days with MAU > 0"
  data_source = "community platform: threads, replies, acts and visits"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  version     = 2
  measure     = "derived"
  forward     = true
  unit        = "ratio"
  direction   = "up"
  additive    = "no"
  grains      = ["week", "month"]
  window      = "mean of the period's days"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  depends     = ["community_dau", "community_mau"]
  min_n       = 20
  leading     = true
  outcome     = false
  influences  = ["member_retention_rate"]
  seeds       = ["S1", "S2", "S4"]
}
*/
with
active_in_30_days as (
    select c.period_start as date_day, c.segment_type, c.segment_value, c.value as members, c.n
    from kpi.cell as c
    where c.kpi_id = 'community_mau' and c.grain = 'day'
),

active_on_day as (
    select c.period_start as date_day, c.segment_type, c.segment_value, c.value as members
    from kpi.cell as c
    where c.kpi_id = 'community_dau' and c.grain = 'day'
),

-- Those of the whole, which has a value for every day that a source covers.
covered as (
    select d.date_day
    from active_on_day as d
    where d.segment_type = 'all' and d.members is not null
),

daily as (
    select
        cal.week_start,
        cal.month_start,
        m.segment_type,
        m.segment_value,
        coalesce(d.members, 0) as dau,
        m.members as mau,
        safe_div(coalesce(d.members, 0), m.members) as share, -- none on a day without MAU
        m.n
    from active_in_30_days as m
    inner join covered as v on v.date_day = m.date_day
    inner join ref.calendar as cal on cal.date_day = m.date_day
    left join active_on_day as d
        on d.date_day = m.date_day
        and d.segment_type = m.segment_type
        and d.segment_value = m.segment_value
),

final as (
    select
        'week' as grain, d.week_start as period_start, d.segment_type, d.segment_value,
        coalesce(avg(d.dau) filter (where d.mau > 0), 0) as numerator,
        coalesce(avg(d.mau) filter (where d.mau > 0), 0) as denominator,
        avg(d.share) as value, max(d.n) as n
    from daily as d
    group by d.week_start, d.segment_type, d.segment_value
    union all
    select
        'month' as grain, d.month_start as period_start, d.segment_type, d.segment_value,
        coalesce(avg(d.dau) filter (where d.mau > 0), 0) as numerator,
        coalesce(avg(d.mau) filter (where d.mau > 0), 0) as denominator,
        avg(d.share) as value, max(d.n) as n
    from daily as d
    group by d.month_start, d.segment_type, d.segment_value
)

select * from final
