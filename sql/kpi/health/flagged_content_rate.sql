/*
kpi "flagged_content_rate" {
  name        = "Upheld flag rate (moderation)"
  definition  = "Share of the threads and replies written in the period that were flagged and whose flag a moderator upheld. Several flags on one item count once; items removed since stay in both counts."
  formula     = "items with an upheld flag / items written"
  data_source = "community platform: flags, threads and replies"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "ratio"
  unit        = "ratio"
  direction   = "down"
  additive    = "no"
  grains      = ["week", "month"]
  window      = "content written in the period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["moderation_action", "thread", "thread_reply"]
  min_n       = 100
  leading     = true
  outcome     = true
  influences  = ["member_retention_rate"]
  seeds       = ["S1"]
}
*/
select
    m.created_on as happened_on,
    m.person_id,
    m.content_id as entity_id,
    m.community_id,
    m.is_upheld as numerator,
    true as denominator
from mart.moderated_content as m
