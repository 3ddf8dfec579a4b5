/*
kpi "member_retention_rate" {
  name           = "Member retention by cohort"
  definition     = "Share of the people who joined in the month who were active in the next calendar month (k = 1), and in the third (k = 3). Active in just that month, not in it or later; who left stays in the base, and so do imported people. A quarter takes its three cohorts together, each by its own month."
  formula        = "joiners active in the k-th calendar month after that of joining / joiners"
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
  seeds          = ["S1", "S0"]
  parameters     = ["retention_month"]
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
