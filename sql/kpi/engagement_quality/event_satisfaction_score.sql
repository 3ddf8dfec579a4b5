/*
kpi "event_satisfaction_score" {
  name        = "Event satisfaction"
  definition  = "Mean rating that attendees gave an event, whatever the scale of the question, moved linearly to 1-5 with 5 the best. Each person's last answer per event counts, and only when it came less than 14 days after the event's end. People who registered and are known not to have come, hosts and staff are left out; an answer whose sender the event tool does not know counts, for surveys are often anonymous. Fewer than 10 answers are marked low_n."
  formula     = "sum of ratings on 1-5 / ratings"
  data_source = "survey tool: answers to event surveys; event tool: events and attendance"
  owner       = "community_manager"
  cadence     = "monthly"
  category    = "engagement_quality"
  measure     = "mean"
  unit        = "score 1-5"
  decimals    = 2
  direction   = "up"
  additive    = "no"
  grains      = ["month", "quarter"]
  window      = "answers about events that start in the period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["event_series", "persona", "membership"]
  sources     = ["survey", "events"]
  needs       = ["survey", "survey_question", "survey_response", "community_gathering"]
  min_n       = 10
  privacy_k   = 10
  leading     = false
  outcome     = true
  influences  = ["event_participation_rate"]
  seeds       = ["S1"]
  parameters  = ["event_response_days"]
}
*/
select
    e.starts_on as happened_on,
    e.person_id,
    e.response_id as entity_id,
    e.event_series,
    e.score_1_5 as amount,
    true as denominator
from mart.event_rating as e
