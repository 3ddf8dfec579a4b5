/*
kpi "accepted_solution_rate" {
  name         = "Accepted solution rate"
  definition   = "Share of member questions that hold an accepted answer whose acceptance came less than 14 days after the question. Only questions asked where an answer can be accepted count; a place without that feature is left out, not scored 0. An acceptance taken back and given again counts once, at the time of the one that stands. An accepted answer of the asker's own solves the question; whether peers helped is told by the peer first-response share. Where the source does not date acceptances, one counts from when it was first seen, and questions whose 14 days were over at the first look are left out: whether they were accepted in time is not known."
  formula      = "questions accepted within accept_window_days / questions asked where acceptance exists"
  data_source  = "community platform: questions and accepted answers"
  owner        = "community_manager"
  cadence      = "monthly"
  category     = "engagement_quality"
  measure      = "ratio"
  unit         = "ratio"
  decimals     = 3
  direction    = "up"
  additive     = "no"
  grains       = ["week", "month", "quarter"]
  window       = "questions asked in the period, complete 14 days after its end"
  maturity     = "14d"
  restate      = "35d"
  segments     = ["community_people", "product_topic"]
  sources      = ["community"]
  needs        = ["thread", "answer"]
  capabilities = ["accept"]
  min_n        = 20
  leading      = true
  outcome      = true
  influences   = ["tickets_per_active_customer:-:3"]
  seeds        = ["S1"]
  parameters   = ["accept_window_days"]
}
*/
select
    q.asked_on as happened_on,
    q.asker_person_id as person_id,
    q.question_id as entity_id,
    q.community_id,
    q.product_topic,
    coalesce(q.hours_to_accept < 24 * param('accept_window_days'), false) as numerator,
    true as denominator
from mart.question_response as q
left join mart.acceptance_watch as w on w.community_id = q.community_id
where q.is_solvable
    and coalesce(hours_between(q.asked_at, w.watched_from) < 24 * param('accept_window_days'), true)
