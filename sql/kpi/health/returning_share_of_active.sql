/*
kpi "returning_share_of_active" {
  name        = "Returning share of active members"
  definition  = "Of the people active in the period, the share who were active in the one before as well; the rest are new or came back after a break."
  formula     = "people active in both periods / people active in this one"
  data_source = "community platform: threads, replies, acts and visits"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  version     = 2
  measure     = "distinct_ratio"
  forward     = true
  of          = "person"
  unit        = "ratio"
  direction   = "up"
  additive    = "no"
  grains      = ["week", "month"]
  window      = "the period against the one before"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  min_n       = 20
  leading     = true
  outcome     = true
  influences  = ["member_retention_rate"]
  seeds       = ["S1"]
  variant_of  = "returning_active_member_rate"
}
*/
select
    p.grain,
    p.period_start,
    p.person_id,
    p.community_id,
    p.is_active_before as numerator,
    true as denominator
from mart.person_period as p
where p.is_active and p.grain in ('week', 'month')
