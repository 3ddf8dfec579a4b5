/*
kpi "member_retention_rate_activated" {
  name           = "Member retention of activated joiners"
  definition     = "Member retention of those joiners only who did a meaningful act within 14 days of joining: whether activation lasts."
  formula        = "activated joiners active in the k-th calendar month after that of joining / activated joiners"
  data_source    = "community platform: members, threads, replies, acts and visits"
  owner          = "community_analyst"
  cadence        = "monthly"
  category       = "health"
  measure        = "ratio"
  unit           = "ratio"
  direction      = "up"
  additive       = "no"
  grains         = ["month", "quarter"]
  window         = "people by the month of their first join"
  split          = "k"
  split_default  = "retention_month"
  split_maturity = { "1" = "31d", "3" = "92d" }
  maturity       = "31d"
  restate        = "35d"
  segments       = ["community_people"]
  sources        = ["community"]
  needs          = ["community_member", "thread", "thread_reply"]
  min_n          = 20
  leading        = true
  outcome        = true
  influences     = ["member_retention_rate"]
  seeds          = ["S1", "S0"]
  parameters     = ["retention_month"]
  variant_of     = "member_retention_rate"
}
*/
with
-- Of a month that is not over nobody knows who will have been active.
cohorts as (
    select
        c.joined_on,
        c.person_id,
        c.community_id,
        c.k,
        c.is_active
    from mart.member_cohort as c
    where (c.k = param('retention_month') or c.k = 3)
        and add_months(c.month_start, 1) <= cast(setting('today') as date)
        and c.is_activated
),

final as (
    select
        'month' as grain, cal.month_start as period_start, c.person_id, c.community_id,
        c.k, c.is_active as numerator, true as denominator
    from cohorts as c
    inner join ref.calendar as cal on cal.date_day = c.joined_on
    union all
    select
        'quarter' as grain, cal.quarter_start as period_start, c.person_id, c.community_id,
        c.k, c.is_active as numerator, true as denominator
    from cohorts as c
    inner join ref.calendar as cal on cal.date_day = c.joined_on
)

select * from final
