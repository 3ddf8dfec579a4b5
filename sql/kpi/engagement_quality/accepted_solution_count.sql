/*
kpi "accepted_solution_count" {
  name         = "Accepted solutions"
  definition   = "Member questions whose accepted answer was marked in the period, however old the question: what forums report as solved. One per question, at the day of the acceptance that stands; one taken back does not count. Where the source does not date acceptances, the day one was first seen stands for it; those that were there at the first look have no day and do not count."
  formula      = "questions by the day their standing answer was accepted"
  data_source  = "community platform: accepted answers"
  owner        = "community_manager"
  cadence      = "monthly"
  category     = "engagement_quality"
  variant_of   = "accepted_solution_rate"
  measure      = "count"
  unit         = "count"
  direction    = "up"
  additive     = "add"
  grains       = ["week", "month", "quarter"]
  window       = "answers accepted in the period"
  maturity     = "0d"
  restate      = "35d"
  segments     = ["community_people", "product_topic"]
  sources      = ["community"]
  needs        = ["thread", "answer"]
  capabilities = ["accept"]
  leading      = true
  outcome      = true
  seeds        = ["S1"]
}
*/
select
    q.accepted_on as happened_on,
    q.asker_person_id as person_id,
    q.question_id as entity_id,
    q.community_id,
    q.product_topic
from mart.question_response as q
left join mart.acceptance_watch as w on w.community_id = q.community_id
where q.is_solvable
    and q.accepted_on is not null
    and q.accepted_on is distinct from w.watched_on
