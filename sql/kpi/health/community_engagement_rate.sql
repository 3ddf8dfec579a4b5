/*
kpi "community_engagement_rate" {
  name        = "Engagement rate"
  definition  = "Share of the people with a live membership at the period's end who did at least one contributing act in the period: posting, replying, voting, reacting, sharing, bookmarking (tier 1 of the engagement rules or more). Its base is all members, so it drifts down as dormant memberships add up: read it beside the share of active members."
  formula     = "members with an act of tier 1 or more / members at the period's end"
  data_source = "community platform: members, threads, replies and acts"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  measure     = "distinct_ratio"
  forward     = true
  of          = "person"
  unit        = "ratio"
  direction   = "up"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "the period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community"]
  needs       = ["community_member", "thread", "thread_reply"]
  min_n       = 20
  leading     = true
  outcome     = false
  influences  = ["member_retention_rate"]
  seeds       = ["S0", "S2"]
}
*/
with
-- A membership is looked at on the last day of the period, or today while the
-- period runs.
acted as (
    select
        p.grain,
        p.period_start,
        p.person_id,
        p.community_id,
        case
            when p.next_period_start > cast(setting('today') as date) then cast(setting('today') as date)
            else add_days(p.next_period_start, -1)
        end as last_on
    from mart.person_period as p
    where p.is_engaged
),

-- Who acted and was no member at the end is in neither count.
engaged as (
    select a.grain, a.period_start, a.person_id, a.community_id
    from acted as a
    inner join mart.membership as m
        on m.person_id = a.person_id
        and (a.community_id = 'all' or m.community_id = a.community_id)
        and m.from_on <= a.last_on
        and coalesce(m.until_on > a.last_on, true)
),

final as (
    select
        e.grain, e.period_start, cast(null as date) as from_on, cast(null as date) as until_on,
        e.person_id, e.community_id, true as numerator, false as denominator
    from engaged as e
    union all
    select
        cast(null as varchar) as grain, cast(null as date) as period_start,
        m.from_on, m.until_on,
        m.person_id, m.community_id, false as numerator, true as denominator
    from mart.membership as m
)

select * from final
