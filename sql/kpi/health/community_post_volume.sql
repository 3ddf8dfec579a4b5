/*
kpi "community_post_volume" {
  name        = "Posts and replies"
  definition  = "Threads and replies that members wrote. Content removed later is taken out of the past as well; an edit is no new post. Volume only: no target."
  formula     = "threads + replies, without removed, private and system content and without staff and bots"
  data_source = "community platform: threads and replies"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "count"
  unit        = "count"
  direction   = "either"
  additive    = "add"
  grains      = ["day", "week", "month", "quarter"]
  window      = "content written in the period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  leading     = true
  outcome     = false
  vanity      = true
  influences  = ["community_mau"]
  seeds       = ["S1"]
}
*/
select
    a.happened_on,
    a.person_id,
    a.content_id as entity_id,
    a.community_id
from mart.activity as a
where a.event_type in ('thread', 'reply')
