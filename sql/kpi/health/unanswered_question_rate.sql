/*
kpi "unanswered_question_rate" {
  name        = "Unanswered question rate"
  definition  = "Share of member questions without a reply by another person who is no bot less than 7 days after the question; exactly 7 days later is too late. The window is fixed, so that late replies do not improve history. Removed questions are left out; a thread merged into another is not counted for itself, and the other has its replies."
  formula     = "questions without a reply in 168 h / questions asked"
  data_source = "community platform: threads and replies"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  version     = 2
  measure     = "ratio"
  unit        = "ratio"
  direction   = "down"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "questions asked in the period"
  maturity    = "7d"
  restate     = "35d"
  segments    = ["community_people", "product_topic"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  min_n       = 20
  leading     = true
  outcome     = true
  influences  = ["member_retention_rate:-:2"]
  seeds       = ["S1"]
  parameters  = ["unanswered_window_hours"]
}
*/
select
    q.asked_on as happened_on,
    q.asker_person_id as person_id,
    q.question_id as entity_id,
    q.community_id,
    q.product_topic,
    coalesce(q.hours_to_first_response >= param('unanswered_window_hours'), true) as numerator,
    true as denominator
from mart.question_response as q
