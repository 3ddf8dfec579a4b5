/*
kpi "event_walk_in_count" {
  name         = "Event walk-ins"
  definition   = "Visits to events of the period by people who never registered for them, one per person and event. Attendance as for the event participation rate; hosts and staff are left out."
  formula      = "people who attended an event without a registration, summed over events"
  data_source  = "event tool: registrations and attendance"
  owner        = "community_manager"
  cadence      = "monthly"
  category     = "engagement_quality"
  variant_of   = "event_participation_rate"
  measure      = "count"
  unit         = "count"
  direction    = "either"
  additive     = "add"
  grains       = ["week", "month", "quarter"]
  window       = "events that start in the period"
  maturity     = "0d"
  restate      = "35d"
  segments     = ["community_people", "event_series"]
  sources      = ["events"]
  needs        = ["community_gathering", "event_attendance"]
  capabilities = ["attendance"]
  leading      = true
  outcome      = false
  seeds        = ["S1"]
  parameters   = ["min_attend_minutes"]
}
*/
select
    e.starts_on as happened_on,
    e.person_id,
    e.gathering_id as entity_id,
    e.community_id,
    e.event_series
from mart.event_participation as e
where e.is_walk_in
