/*
kpi "contributor_rate_registered" {
  name        = "Contributor rate, of registered members"
  definition  = "Share of the people with a live membership at the period's end who wrote a thread or a reply in the period. Falls as a community ages, because dormant memberships add up; needs no visits."
  formula     = "members with a thread or reply / members at the period's end"
  data_source = "community platform: members, threads and replies"
  owner       = "community_manager"
  cadence     = "weekly"
  category    = "health"
  version     = 2
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
  seeds       = ["S1"]
  variant_of  = "contributor_rate"
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
        p.is_contributor,
        p.is_engaged,
        case
            when p.next_period_start > cast(setting('today') as date) then cast(setting('today') as date)
            else add_days(p.next_period_start, -1)
        end as last_on
    from mart.person_period as p
    where p.is_contributor or p.is_engaged
),

-- Who acted and was no member at the end is in neither count.
acted_members as (
    select a.grain, a.period_start, a.person_id, a.community_id, a.is_contributor, a.is_engaged
    from acted as a
    inner join mart.membership as m
        on m.person_id = a.person_id
        and (a.community_id = 'all' or m.community_id = a.community_id)
        and m.from_on <= a.last_on
        and coalesce(m.until_on > a.last_on, true)
),

members as (
    select
        a.grain, a.period_start, cast(null as date) as from_on, cast(null as date) as until_on,
        a.person_id, a.community_id, a.is_contributor, a.is_engaged, false as is_member
    from acted_members as a
    union all
    select
        cast(null as varchar) as grain, cast(null as date) as period_start,
        m.from_on, m.until_on,
        m.person_id, m.community_id, false as is_contributor, false as is_engaged, true as is_member
    from mart.membership as m
),

-- Up to here the select is that of community_engagement_rate, so that both are read at once.
final as (
    select
        m.grain, m.period_start, m.from_on, m.until_on,
        m.person_id, m.community_id, m.is_contributor as numerator, m.is_member as denominator
    from members as m
    where m.is_contributor or m.is_member
)

select * from final
