/*
kpi "community_mau_meaningful" {
  name        = "Meaningfully active members"
  definition  = "Distinct people who did at least one meaningful act in the window (tier 2 of the engagement rules or more: a reply that earned a helpful vote, a substantive thread, an event attended, feedback, a referral)."
  formula     = "distinct people with an act of tier 2 or more in the window"
  data_source = "community platform: threads, replies and acts; events"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "distinct"
  of          = "person"
  unit        = "count"
  direction   = "up"
  additive    = "no"
  grains      = ["day", "week", "month", "quarter"]
  window      = "calendar month; the 30 days that end with the day or week; mean of the quarter's months"
  windows     = { day = "r30", week = "r30", month = "cal", quarter = "mean:month" }
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  leading     = true
  outcome     = false
  seeds       = ["S0", "S1"]
  variant_of  = "community_mau"
}
*/
select
    d.happened_on,
    d.person_id,
    d.community_id
from mart.person_day_community as d
where d.tier_max >= 2
