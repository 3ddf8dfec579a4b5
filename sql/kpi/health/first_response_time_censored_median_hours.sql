/*
kpi "first_response_time_censored_median_hours" {
  name        = "Median time to first response, all questions"
  definition  = "Median hours from a member's question to the first reply by another person who is no bot, where an unanswered question counts as not yet answered; empty where half or more are unanswered. Whole a week after the period, when most replies have come."
  formula     = "median(first reply - question), unanswered as infinity"
  data_source = "community platform: threads and replies"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "median"
  unit        = "hours"
  direction   = "down"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "questions asked in the period"
  maturity    = "7d"
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
    coalesce(q.hours_to_first_response, cast('infinity' as double)) as amount,
    true as denominator
from mart.question_response as q
