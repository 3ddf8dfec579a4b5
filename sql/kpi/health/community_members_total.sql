/*
kpi "community_members_total" {
  name        = "Registered members"
  definition  = "People who hold a live membership at the end of the period: joined, not left, not suspended. Somebody in two communities counts once. Where a source does not say who left, a membership ends when a full listing of members first lacks it. Volume only: never a primary KPI."
  formula     = "distinct people with a membership open at the period's end"
  data_source = "community platform: members"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "distinct"
  of          = "person"
  unit        = "count"
  direction   = "up"
  additive    = "semi"
  grains      = ["day", "week", "month", "quarter"]
  window      = "state at the period's end"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["community_member"]
  leading     = true
  outcome     = false
  vanity      = true
  influences  = ["member_retention_rate"]
  seeds       = ["S1", "S4"]
}
*/
select
    m.from_on,
    m.until_on,
    m.person_id,
    m.community_id
from mart.membership as m
