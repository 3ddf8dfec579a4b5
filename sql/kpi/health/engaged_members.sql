/*
kpi "engaged_members" {
  name        = "Engaged members"
  definition  = "Distinct people who did at least one contributing act in the period (tier 1 of the engagement rules or more), whether or not a membership of theirs is known."
  formula     = "distinct people with an act of tier 1 or more"
  data_source = "community platform: threads, replies and acts"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "distinct"
  of          = "person"
  unit        = "count"
  direction   = "up"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "the period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  leading     = true
  outcome     = false
  influences  = ["member_retention_rate"]
  seeds       = ["S0", "S2"]
  variant_of  = "community_engagement_rate"
}
*/
select
    p.grain,
    p.period_start,
    p.person_id,
    p.community_id
from mart.person_period as p
where p.is_engaged
