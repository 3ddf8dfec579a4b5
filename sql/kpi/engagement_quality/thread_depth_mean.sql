/*
kpi "thread_depth_mean" {
  name        = "Thread depth"
  definition  = "Mean number of replies that a member's thread gets in its first 14 days. The author's own replies count, for a dialogue has two sides; bots, notices of the software and replies taken down do not. Messages that belong to no thread, such as the chatter of a chat channel, make none. A long unsolved case is deep too: read questions and discussions apart (segment thread_kind)."
  formula     = "replies within 14 days / threads opened by members"
  data_source = "community platform: threads and replies"
  owner       = "community_manager"
  cadence     = "monthly"
  category    = "engagement_quality"
  measure     = "mean"
  unit        = "replies"
  decimals    = 2
  direction   = "either"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "threads opened in the period, complete 14 days after its end"
  maturity    = "14d"
  restate     = "35d"
  segments    = ["community_people", "product_topic", "thread_kind"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  min_n       = 10
  leading     = true
  outcome     = false
  influences  = ["accepted_solution_rate"]
  seeds       = ["S1"]
  parameters  = ["depth_window_days"]
}
*/
select
    d.created_on as happened_on,
    d.person_id,
    d.thread_id as entity_id,
    d.community_id,
    d.product_topic,
    case when d.is_question then 'question' else 'discussion' end as thread_kind,
    d.replies_14d as amount,
    true as denominator
from mart.thread_depth as d
