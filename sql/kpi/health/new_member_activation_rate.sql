/*
kpi "new_member_activation_rate" {
  name           = "New-member activation"
  definition     = "Share of the people who joined in the period and did a first meaningful act (tier 2 of the engagement rules) in the community they joined within 14 days of joining; exactly 14 days later is too late, and so is before joining. Imported people are left out. Also given for 7 and 30 days."
  formula        = "joiners with a meaningful act in [joined, joined + 14 d) / joiners"
  data_source    = "community platform: members, threads, replies, acts; events"
  owner          = "community_manager"
  cadence        = "weekly"
  category       = "health"
  measure        = "ratio"
  forward     = true
  unit           = "ratio"
  direction      = "up"
  additive       = "no"
  grains         = ["week", "month", "quarter"]
  window         = "people by the date of their first join"
  split          = "window_days"
  split_default  = "activation_window_days"
  split_maturity = { "7" = "7d", "14" = "14d", "30" = "30d" }
  maturity       = "14d"
  restate        = "35d"
  segments       = ["community_people"]
  sources        = ["community", "events"]
  needs          = ["community_member", "thread", "thread_reply"]
  min_n          = 20
  leading        = true
  outcome        = true
  influences     = ["member_retention_rate:+:2"]
  seeds          = ["S1"]
  parameters     = ["activation_window_days"]
}
*/
with
windows as (
    select cast(param('activation_window_days') as integer) as window_days
    union
    select 7 as window_days
    union
    select 30 as window_days
),

joiners as (
    select
        m.first_joined_on,
        m.person_id,
        m.community_id,
        hours_between(m.first_joined_at, m.first_meaningful_at) as hours_to_meaningful
    from mart.member_lifecycle as m
    where m.is_first_community
        and m.join_channel is distinct from 'import'
),

final as (
    select
        j.first_joined_on as happened_on,
        j.person_id,
        j.community_id,
        w.window_days,
        coalesce(
            j.hours_to_meaningful >= 0 and j.hours_to_meaningful < 24 * w.window_days, false
        ) as numerator,
        true as denominator
    from joiners as j
    cross join windows as w
)

select * from final
