/*
kpi "returning_active_member_rate" {
  name        = "Returning active members"
  definition  = "Of the people active in the period before, the share active again in this one. The first period has none before it and no value. The engagement level is that of the period before. Weeks and months are counted apart."
  formula     = "people active in both periods / people active in the one before"
  data_source = "community platform: threads, replies, acts and visits"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "distinct_ratio"
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
}
*/
select
    p.grain,
    p.next_period_start as period_start,
    p.person_id,
    p.community_id,
    p.engagement_level,
    p.is_active_next as numerator,
    true as denominator
from mart.person_period as p
where p.is_active and p.grain in ('week', 'month')
