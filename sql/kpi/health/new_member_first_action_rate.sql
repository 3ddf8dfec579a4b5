/*
kpi "new_member_first_action_rate" {
  name        = "New members with a first action"
  definition  = "Share of the people who joined in the period and wrote a first thread or reply, or attended an event, in the community they joined within 14 days of joining; exactly 14 days later is too late. Imported people are left out."
  formula     = "joiners with a thread, reply or attendance in [joined, joined + 14 d) / joiners"
  data_source = "community platform: members, threads, replies, acts; events"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "ratio"
  forward     = true
  unit        = "ratio"
  direction   = "up"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "people by the date of their first join"
  maturity    = "14d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community", "events"]
  needs       = ["community_member", "thread", "thread_reply"]
  min_n       = 20
  leading     = true
  outcome     = true
  influences  = ["member_retention_rate"]
  seeds       = ["S1"]
  parameters  = ["activation_window_days"]
  variant_of  = "new_member_activation_rate"
}
*/
with
joiners as (
    select
        m.first_joined_on,
        m.person_id,
        m.community_id,
        hours_between(m.first_joined_at, m.first_action_at) as hours_to_action
    from mart.member_lifecycle as m
    where m.is_first_community
        and m.join_channel is distinct from 'import'
),

final as (
    select
        j.first_joined_on as happened_on,
        j.person_id,
        j.community_id,
        coalesce(
            j.hours_to_action >= 0
            and j.hours_to_action < 24 * param('activation_window_days'), false
        ) as numerator,
        true as denominator
    from joiners as j
)

select * from final
