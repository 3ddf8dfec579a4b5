/*
kpi "community_wau" {
  name        = "Weekly active members"
  definition  = "Distinct people active in the ISO week, which begins on Monday in the reporting time zone; never a sum or a mean of days."
  formula     = "distinct people with an active day in the week"
  data_source = "community platform: threads, replies, acts and visits"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  version     = 2
  measure     = "distinct"
  of          = "person"
  unit        = "count"
  direction   = "up"
  additive    = "no"
  grains      = ["week"]
  window      = "ISO week"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  leading     = true
  outcome     = false
  influences  = ["member_retention_rate"]
  seeds       = ["S1"]
}
*/
select
    d.happened_on,
    d.person_id,
    d.community_id
from mart.person_day_community as d
where d.is_active
