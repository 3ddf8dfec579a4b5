/*
kpi "community_mau" {
  name        = "Monthly active members"
  definition  = "Distinct members who wrote a thread or a reply in the month; reactions and visits do not count."
  formula     = "distinct people with a contribution: the 30 days ending with the week, the calendar month, the mean of the quarter's months"
  data_source = "community platform: threads and replies"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "distinct"
  of          = "person"
  unit        = "count"
  direction   = "up"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "calendar month; rolling 30 days by week; mean of three months by quarter"
  windows     = { week = "r30", month = "cal", quarter = "mean:month" }
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  leading     = true
  outcome     = false
  influences  = ["member_retention_rate"]
  seeds       = ["S0", "S1"]
}
*/
select
    d.happened_on,
    d.person_id,
    d.community_id
from mart.person_day_community as d
where d.is_active
