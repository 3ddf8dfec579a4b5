/*
kpi "accepted_solution_rate_answered" {
  name         = "Accepted solution rate of answered questions"
  definition   = "Share of answered member questions that hold an answer accepted less than 14 days after the question. Answered means that in the same 14 days another person, no bot, replied or an answer was accepted, be it the asker's own; so the numerator is that of the accepted solution rate and only the base differs. Questions left out there are left out here."
  formula      = "questions accepted within accept_window_days / questions replied to or accepted within accept_window_days"
  data_source  = "community platform: questions, replies and accepted answers"
  owner        = "community_manager"
  cadence      = "monthly"
  category     = "engagement_quality"
  variant_of   = "accepted_solution_rate"
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
  needs        = ["thread", "thread_reply", "answer"]
  capabilities = ["accept"]
  min_n        = 20
  leading      = true
  outcome      = true
  seeds        = ["S1"]
  parameters   = ["accept_window_days"]
}
*/
with
questions as (
    select
        q.asked_on,
        q.asker_person_id,
        q.question_id,
        q.community_id,
        q.product_topic,
        coalesce(q.hours_to_accept < 24 * param('accept_window_days'), false) as is_accepted,
        coalesce(q.hours_to_first_response < 24 * param('accept_window_days'), false) as is_replied
    from mart.question_response as q
    left join mart.acceptance_watch as w on w.community_id = q.community_id
    where q.is_solvable
        and coalesce(hours_between(q.asked_at, w.watched_from) < 24 * param('accept_window_days'), true)
),

final as (
    select
        q.asked_on as happened_on,
        q.asker_person_id as person_id,
        q.question_id as entity_id,
        q.community_id,
        q.product_topic,
        q.is_accepted as numerator,
        q.is_accepted or q.is_replied as denominator
    from questions as q
)

select * from final
