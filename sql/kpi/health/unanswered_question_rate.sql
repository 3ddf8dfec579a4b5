/*
kpi "unanswered_question_rate" {
  name        = "Unanswered question rate"
  definition  = "Share of member questions with no eligible reply within 7 days."
  formula     = "questions without a reply in 168 h / questions asked"
  data_source = "community platform: threads and replies"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "ratio"
  unit        = "ratio"
  direction   = "down"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "questions asked in the period"
  maturity    = "7d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  min_n       = 20
  leading     = true
  outcome     = true
  influences  = ["member_retention_rate"]
  seeds       = ["S1"]
  parameters  = ["unanswered_window_hours"]
}
*/
select
    q.asked_on as happened_on,
    q.asker_identity_id as identity_id,
    q.question_id as entity_id,
    q.community_id,
    coalesce(q.hours_to_first_response > param('unanswered_window_hours'), true) as numerator,
    true as denominator
from mart.question_response as q
