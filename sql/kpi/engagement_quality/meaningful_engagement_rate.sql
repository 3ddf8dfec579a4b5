/*
kpi "meaningful_engagement_rate" {
  name        = "Meaningful engagement rate"
  definition  = "Share of the active members of the period with at least one act that the engagement rules grade as meaningful (tier 2) or high (tier 3): a reply that earned a helpful vote, an accepted solution, a substantive thread, an event attended, feedback given. A reply becomes meaningful when the vote arrives and counts at the day it was written, so recent periods can still rise for 14 days. Active is what the active-member KPIs of the same grain's calendar period count; by week it is the ISO week, by quarter the whole quarter."
  formula     = "active members with an act of tier 2 or more / active members"
  data_source = "community platform: threads, replies, reactions and accepted answers; event tool: attendance"
  owner       = "community_analyst"
  cadence     = "monthly"
  category    = "engagement_quality"
  measure     = "distinct_ratio"
  of          = "person"
  unit        = "ratio"
  decimals    = 3
  direction   = "up"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "calendar period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community", "events"]
  needs       = ["thread", "thread_reply"]
  min_n       = 20
  leading     = true
  outcome     = true
  influences  = ["member_retention_rate:+:2"]
  seeds       = ["S1"]
  parameters  = ["helpful_window_days", "min_attend_minutes", "min_chars"]
}
*/
select
    p.grain,
    p.period_start,
    p.person_id,
    p.community_id,
    p.is_meaningful as numerator,
    true as denominator
from mart.person_period as p
where p.is_active and p.grain in ('week', 'month', 'quarter')
