/*
kpi "first_response_time_median_hours" {
  name        = "Time to first response (community)"
  definition  = "Median hours from a member's question to the first reply by another person who is no bot, staff included, among answered questions. System notes and replies that are not later than the question do not count; questions by staff, removed and private ones are left out. Unanswered questions vanish from it: read it beside the unanswered rate."
  formula     = "median(first reply - question), answered questions only"
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
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people", "product_topic"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  min_n       = 10
  leading     = true
  outcome     = true
  influences  = ["unanswered_question_rate", "member_retention_rate:-:2"]
  seeds       = ["S1"]
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
