/*
kpi "event_satisfaction_top2" {
  name        = "Event satisfaction, top two"
  definition  = "Share of the ratings of events that are 4 or better once moved to 1-5; which ratings count is told by event satisfaction."
  formula     = "ratings of 4 or more on 1-5 / ratings"
  data_source = "survey tool: answers to event surveys; event tool: events and attendance"
  owner       = "community_manager"
  cadence     = "monthly"
  category    = "engagement_quality"
  variant_of  = "event_satisfaction_score"
  measure     = "ratio"
  unit        = "ratio"
  decimals    = 3
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
  seeds       = ["S1"]
  parameters  = ["event_response_days"]
}
*/
select
    e.starts_on as happened_on,
    e.person_id,
    e.response_id as entity_id,
    e.event_series,
    e.score_1_5 >= 4 as numerator,
    true as denominator
from mart.event_rating as e
