/*
kpi "contributor_lurker_ratio" {
  name         = "Contributor : lurker ratio"
  definition   = "Active members who wrote a thread or a reply, for each active member who did not. A diagnostic without a good direction: lurkers get value too. Needs to know who merely visits."
  formula      = "contributors / (active people - contributors)"
  data_source  = "community platform: threads, replies and visits"
  owner        = "community_manager"
  cadence      = "monthly"
  category     = "health"
  measure      = "distinct_ratio"
  of           = "person"
  unit         = "contributors per lurker"
  direction    = "either"
  additive     = "no"
  grains       = ["month", "quarter"]
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
    not p.is_contributor as denominator
from mart.person_period as p
where p.is_active
