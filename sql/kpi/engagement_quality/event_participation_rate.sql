/*
kpi "event_participation_rate" {
  name         = "Event participation rate"
  definition   = "Share of the people registered for an event who came: checked in, or present for at least 10 minutes, all visits of one event added up. Registrations taken back before the start do not count. Who came without registering is in neither side and reported as a walk-in, so the rate never passes 1. Hosts and staff are left out, and so are events called off and events whose tool does not say who came."
  formula      = "registered people who attended / people registered at the start"
  data_source  = "event tool: registrations and attendance"
  owner        = "community_manager"
  cadence      = "monthly"
  category     = "engagement_quality"
  measure      = "ratio"
  unit         = "ratio"
  decimals     = 3
  direction    = "up"
  additive     = "no"
  grains       = ["week", "month", "quarter"]
  window       = "events that start in the period"
  maturity     = "0d"
  restate      = "35d"
  segments     = ["community_people", "event_series"]
  sources      = ["events"]
  needs        = ["community_gathering", "event_attendance"]
  capabilities = ["attendance"]
  min_n        = 20
  leading      = true
  outcome      = false
  influences   = ["new_member_activation_rate"]
  seeds        = ["S1"]
  parameters   = ["min_attend_minutes"]
}
*/
select
    e.starts_on as happened_on,
    e.person_id,
    e.gathering_id as entity_id,
    e.community_id,
    e.event_series,
    e.is_registered and e.is_attended as numerator,
    e.is_registered as denominator
from mart.event_participation as e
