/*
kpi "moderation_response_time_median_hours" {
  name        = "Moderation response time"
  definition  = "Median hours from the first flag on an item to the moderators' decision, among items with a decision, by the date the item was written."
  formula     = "median(decision - first flag), decided items only"
  data_source = "community platform: flags, threads and replies"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "median"
  unit        = "hours"
  direction   = "down"
  additive    = "no"
  grains      = ["week", "month"]
  window      = "content written in the period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["moderation_action", "thread", "thread_reply"]
  min_n       = 10
  leading     = true
  outcome     = true
  influences  = ["member_retention_rate"]
  seeds       = ["S1"]
  variant_of  = "flagged_content_rate"
}
*/
select
    m.created_on as happened_on,
    m.person_id,
    m.content_id as entity_id,
    m.community_id,
    m.hours_to_resolve as amount,
    m.hours_to_resolve is not null as denominator
from mart.moderated_content as m
where m.is_flagged
