/*
kpi "first_response_within_24h_rate" {
  name        = "Questions answered within 24 hours"
  definition  = "Share of all member questions that had a first reply by another person who is no bot within 24 hours."
  formula     = "questions with a first reply in 24 h / questions asked"
  data_source = "community platform: threads and replies"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "ratio"
  unit        = "ratio"
  direction   = "up"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "questions asked in the period"
  maturity    = "1d"
  restate     = "35d"
  segments    = ["community_people", "product_topic"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  min_n       = 20
  leading     = true
  outcome     = true
  influences  = ["unanswered_question_rate"]
  seeds       = ["S1"]
  parameters  = ["first_response_target_hours"]
  variant_of  = "first_response_time_median_hours"
}
*/
select
    q.asked_on as happened_on,
    q.asker_person_id as person_id,
    q.question_id as entity_id,
    q.community_id,
    q.product_topic,
    coalesce(
        q.hours_to_first_response <= param('first_response_target_hours'), false
    ) as numerator,
    true as denominator
from mart.question_response as q
