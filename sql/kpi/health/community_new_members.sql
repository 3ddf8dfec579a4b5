/*
kpi "community_new_members" {
  name        = "New members"
  definition  = "People whose first join to any tracked community falls in the period, by local date. Joining again is not new; who was imported is not counted, then or later."
  formula     = "people by the local date of their first join, imports left out"
  data_source = "community platform: members"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "distinct"
  of          = "person"
  unit        = "count"
  direction   = "up"
  additive    = "add"
  grains      = ["day", "week", "month", "quarter"]
  window      = "first joins in the period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["community_member"]
  leading     = true
  outcome     = false
  influences  = ["member_retention_rate"]
  seeds       = ["S2", "S4"]
}
*/
select
    m.first_joined_on as happened_on,
    m.person_id,
    m.community_id
from mart.member_lifecycle as m
where m.is_first_community
    and m.join_channel is distinct from 'import'
