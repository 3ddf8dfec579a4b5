/*
kpi "engaged_share_of_active" {
  name         = "Engaged share of active members"
  definition   = "Share of active members who did at least one contributing act (tier 1 of the engagement rules or more). Needs to know who merely visits: without that everybody active has written something."
  formula      = "active people with an act of tier 1 or more / active people"
  data_source  = "community platform: threads, replies, acts and visits"
  owner        = "community_manager"
  cadence      = "weekly"
  category     = "health"
  measure      = "distinct_ratio"
  of           = "person"
  unit         = "ratio"
  direction    = "up"
  additive     = "no"
  grains       = ["week", "month", "quarter"]
  window       = "the period"
  maturity     = "0d"
  restate      = "35d"
  segments     = ["community_people"]
  sources      = ["community"]
  needs        = ["thread", "thread_reply"]
  capabilities = ["visits"]
  min_n        = 20
  leading      = true
  outcome      = false
  influences   = ["member_retention_rate"]
  seeds        = ["S0", "S2"]
  variant_of   = "community_engagement_rate"
}
*/
select
    p.grain,
    p.period_start,
    p.person_id,
    p.community_id,
    p.is_engaged as numerator,
    true as denominator
from mart.person_period as p
where p.is_active
