/*
kpi "contributor_rate" {
  name         = "Contributor rate"
  definition   = "Share of active members who wrote a thread or a reply; reactions and votes do not count. Needs to know who merely visits: without that everybody active has written something."
  formula      = "active people with a thread or reply / active people"
  data_source  = "community platform: threads, replies and visits"
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
  seeds        = ["S1"]
}
*/
select
    p.grain,
    p.period_start,
    p.person_id,
    p.community_id,
    p.is_contributor as numerator,
    true as denominator
from mart.person_period as p
where p.is_active
