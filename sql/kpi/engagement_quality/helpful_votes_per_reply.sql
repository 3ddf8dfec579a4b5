/*
kpi "helpful_votes_per_reply" {
  name         = "Helpful votes per reply"
  definition   = "Mean number of helpful votes that a member's reply in another person's thread gets within 14 days; votes as for the helpful vote rate."
  formula      = "helpful votes within 14 days / replies to others"
  data_source  = "community platform: replies and reactions"
  owner        = "community_manager"
  cadence      = "monthly"
  category     = "engagement_quality"
  variant_of   = "helpful_vote_rate"
  measure      = "mean"
  unit         = "votes"
  decimals     = 2
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
    r.helpful_votes_14d as amount,
    true as denominator
from mart.reply_quality as r
where r.is_to_other
