/*
kpi "unanswered_question_backlog" {
  name        = "Unanswered questions open"
  definition  = "Member questions of any age that nobody else but a bot has replied to by the end of the period."
  formula     = "questions asked by the period's end without a reply by then"
  data_source = "community platform: threads and replies"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "distinct"
  of          = "entity"
  unit        = "count"
  direction   = "down"
  additive    = "semi"
  grains      = ["week", "month", "quarter"]
  window      = "state at the period's end"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people", "product_topic"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  leading     = true
  outcome     = true
  influences  = ["member_retention_rate"]
  seeds       = ["S1"]
  variant_of  = "unanswered_question_rate"
}
*/
select
    q.asked_on as from_on,
    q.backlog_until_on as until_on,
    q.asker_person_id as person_id,
    q.question_id as entity_id,
    q.community_id,
    q.product_topic
from mart.question_response as q
