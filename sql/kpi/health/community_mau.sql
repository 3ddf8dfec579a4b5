/*
kpi "community_mau" {
  name        = "Monthly active members"
  definition  = "Distinct people active in the calendar month: any act down to joining or a visit where every community says who visited, else writing a thread or a reply. By day and week the 30 days up to its end, which compares better than months of different length."
  formula     = "distinct people with an active day in the window"
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
}
*/
select
    d.happened_on,
    d.person_id,
    d.community_id
from mart.person_day_community as d
where d.is_active
