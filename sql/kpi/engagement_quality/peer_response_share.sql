/*
kpi "peer_response_share" {
  name        = "Peer first-response share"
  definition  = "Of the member questions that another person, no bot, has replied to, the share whose first such reply came from somebody who was not staff at that moment. A role taken up or laid down later changes nothing; the asker's own replies are no help by peers."
  formula     = "answered questions first replied to by a non-staff person / answered questions"
  data_source = "community platform: threads, replies and roles"
  owner       = "community_manager"
  cadence     = "monthly"
  category    = "engagement_quality"
  measure     = "ratio"
  unit        = "ratio"
  decimals    = 3
  direction   = "up"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "questions asked in the period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people", "product_topic"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  min_n       = 20
  leading     = true
  outcome     = true
  influences  = ["cost_per_engaged_member"]
  seeds       = ["S1"]
}
*/
select
    q.asked_on as happened_on,
    q.asker_person_id as person_id,
    q.question_id as entity_id,
    q.community_id,
    q.product_topic,
    not q.is_staff_response as numerator,
    true as denominator
from mart.question_response as q
where q.first_response_at is not null
