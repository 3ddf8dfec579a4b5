/*
kpi "helpful_vote_rate" {
  name         = "Helpful vote rate"
  definition   = "Share of the replies members wrote in other people's threads that somebody found helpful within 14 days. Which reactions say so is set by the engagement rules (a like, +1 or heart by default); the writer's own votes and those of bots are ignored."
  formula      = "replies to others with a helpful vote within 14 days / replies to others"
  data_source  = "community platform: replies and reactions"
  owner        = "community_manager"
  cadence      = "monthly"
  category     = "engagement_quality"
  measure      = "ratio"
  unit         = "ratio"
  decimals     = 3
  direction    = "up"
  additive     = "no"
  grains       = ["week", "month", "quarter"]
  window       = "replies written in the period, complete 14 days after its end"
  maturity     = "14d"
  restate      = "35d"
  segments     = ["community_people", "product_topic"]
  sources      = ["community"]
  needs        = ["thread", "thread_reply", "community_event"]
  capabilities = ["helpful_votes"]
  min_n        = 20
  leading      = true
  outcome      = true
  influences   = ["accepted_solution_rate"]
  seeds        = ["S1"]
  parameters   = ["helpful_window_days"]
}
*/
select
    r.created_on as happened_on,
    r.person_id,
    r.reply_id as entity_id,
    r.community_id,
    r.product_topic,
    r.helpful_votes_14d > 0 as numerator,
    true as denominator
from mart.reply_quality as r
where r.is_to_other
