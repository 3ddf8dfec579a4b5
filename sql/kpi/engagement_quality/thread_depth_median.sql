/*
kpi "thread_depth_median" {
  name        = "Median thread depth"
  definition  = "The number of replies in its first 14 days that half of the members' threads stay at or below, counted as for thread depth. Unlike the mean it is not moved by a few very long threads."
  formula     = "median(replies within 14 days) over threads opened by members"
  data_source = "community platform: threads and replies"
  owner       = "community_manager"
  cadence     = "monthly"
  category    = "engagement_quality"
  variant_of  = "thread_depth_mean"
  measure     = "median"
  unit        = "replies"
  decimals    = 1
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
