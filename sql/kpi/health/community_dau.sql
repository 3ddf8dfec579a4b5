/*
kpi "community_dau" {
  name        = "Daily active members"
  definition  = "People who were active on the day; for a week or a month the mean of its days, empty days included. Active means any act down to joining or a visit where every community says who visited, else writing a thread or a reply. What the software does (badges, automatic joins) is no act."
  formula     = "distinct active people of the day; person-days / days of the week or month"
  data_source = "community platform: threads, replies, acts and visits"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  version     = 2
  measure     = "sum"
  forward     = true
  per         = "day"
  unit        = "count"
  direction   = "up"
  additive    = "no"
  grains      = ["day", "week", "month"]
  window      = "the day; mean of the days of a week or month"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  leading     = true
  outcome     = false
  influences  = ["member_retention_rate"]
  seeds       = ["S1", "S2"]
}
*/
with
person_days as (
    select
        d.happened_on,
        d.person_id,
        coalesce(d.community_id, 'unknown') as community_id
    from mart.person_day_community as d
    where d.is_active
),

-- Somebody active in two communities on one day is one active member.
whole_days as (
    select distinct
        d.happened_on,
        d.person_id
    from person_days as d
),

final as (
    select
        'day' as grain, w.happened_on as period_start, w.person_id, 'all' as community_id,
        1 as amount
    from whole_days as w
    union all
    select
        'day' as grain, d.happened_on as period_start, d.person_id, d.community_id,
        1 as amount
    from person_days as d
    union all
    select p.grain, p.period_start, p.person_id, p.community_id, p.active_days as amount
    from mart.person_period as p
    where p.is_active and p.grain in ('week', 'month')
)

select * from final
