/*
kpi "event_attendees" {
  name         = "Event attendees"
  definition   = "Different people who attended an event of the period, with or without a registration. Attendance as for the event participation rate; hosts and staff are left out."
  formula      = "distinct people who attended"
  data_source  = "event tool: attendance"
  owner        = "community_manager"
  cadence      = "monthly"
  category     = "engagement_quality"
  variant_of   = "event_participation_rate"
  measure      = "distinct"
  of           = "person"
  unit         = "count"
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
where e.is_attended
