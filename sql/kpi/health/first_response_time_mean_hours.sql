/*
kpi "first_response_time_mean_hours" {
  name        = "Mean time to first response (community)"
  definition  = "Mean hours from a member's question to the first reply by another person who is no bot, among answered questions; what many forums' own reports show. A few late replies move it far."
  formula     = "mean(first reply - question), answered questions only"
  data_source = "community platform: threads and replies"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "mean"
  unit        = "hours"
  direction   = "down"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "questions asked in the period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people", "product_topic"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  min_n       = 10
  leading     = true
  outcome     = true
  influences  = ["unanswered_question_rate"]
  seeds       = ["S1"]
  variant_of  = "first_response_time_median_hours"
}
*/
select
    q.asked_on as happened_on,
    q.asker_person_id as person_id,
    q.question_id as entity_id,
    q.community_id,
    q.product_topic,
    q.hours_to_first_response as amount,
    q.hours_to_first_response is not null as denominator
from mart.question_response as q
