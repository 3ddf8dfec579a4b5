/*
kpi "returning_share_of_active" {
  name        = "Returning share of active members"
  definition  = "Of the people active in the period, the share who were active in the one before as well; the rest are new or came back after a break."
  formula     = "people active in both periods / people active in this one"
  data_source = "community platform: threads, replies, acts and visits"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "distinct_ratio"
  forward     = true
  of          = "person"
  unit        = "ratio"
  direction   = "up"
  additive    = "no"
  grains      = ["week", "month"]
  window      = "the period against the one before"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  min_n       = 20
  leading     = true
  outcome     = true
  influences  = ["member_retention_rate"]
  seeds       = ["S1"]
  variant_of  = "returning_active_member_rate"
}
*/
with
active_people as (
    select
        p.grain,
        p.period_start,
        p.next_period_start,
        p.person_id,
        p.community_id,
        p.is_active_next
    from mart.person_period as p
    where p.is_active and p.grain in ('week', 'month')
),

final as (
    select
        a.grain, a.period_start, a.person_id, a.community_id,
        false as numerator, true as denominator
    from active_people as a
    union all
    select
        a.grain, a.next_period_start as period_start, a.person_id, a.community_id,
        true as numerator, false as denominator
    from active_people as a
    where a.is_active_next
)

select * from final
