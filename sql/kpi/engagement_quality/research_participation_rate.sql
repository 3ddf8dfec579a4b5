/*
kpi "research_participation_rate" {
  name         = "Research participation"
  definition   = "Share of the active members of the period who took part in research: a beta programme, an interview, a usability test, a feedback session. Taking part is an act of a research type or an attended event of kind research; an invitation or a registration is not. Where no source has ever shown research there is no rate."
  formula      = "active members with a research act or an attended research event / active members"
  data_source  = "community platform: research acts; event tool: attendance"
  owner        = "product_manager"
  cadence      = "quarterly"
  category     = "engagement_quality"
  measure      = "distinct_ratio"
  of           = "person"
  unit         = "ratio"
  decimals     = 3
  direction    = "up"
  additive     = "no"
  grains       = ["month", "quarter"]
  window       = "calendar month or quarter"
  maturity     = "0d"
  restate      = "35d"
  segments     = ["community_people"]
  sources      = ["community", "events", "survey"]
  needs        = ["thread", "thread_reply"]
  needs_any    = ["community_event", "event_attendance"]
  capabilities = ["research"]
  min_n        = 20
  privacy_k    = 10
  leading      = true
  outcome      = false
  influences   = ["feature_adoption_rate"]
  seeds        = ["S0"]
  parameters   = ["min_attend_minutes"]
}
*/
select
    p.grain,
    p.period_start,
    p.person_id,
    p.community_id,
    p.did_research as numerator,
    true as denominator
from mart.person_period as p
where p.is_active and p.grain in ('month', 'quarter')
