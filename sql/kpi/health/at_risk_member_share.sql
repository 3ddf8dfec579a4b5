/*
kpi "at_risk_member_share" {
  name        = "Members going quiet"
  definition  = "Of the members active on two days or more in the 90 days before the period's last 30, the share without any activity in those 30. Who left since counts as quiet; who joined within the 30 days is not looked at. Active means any act down to a visit where every community says who visited, else writing a thread or a reply."
  formula     = "regulars silent in the last 30 days / regulars of the 90 days before"
  data_source = "community platform: threads, replies, acts and visits"
  owner       = "community_manager"
  cadence     = "monthly"
  category    = "health"
  version     = 2
  measure     = "ratio"
  forward     = true
  unit        = "ratio"
  direction   = "down"
  additive    = "no"
  grains      = ["month", "quarter"]
  window      = "the 120 days that end with the period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community", "join_month", "join_channel"] # who is silent has no level in the period
  sources     = ["community"]
  needs       = ["thread", "thread_reply"]
  min_n       = 20
  leading     = true
  outcome     = true
  influences  = ["member_retention_rate"]
  seeds       = ["S2"]
  parameters  = ["quiet_base_days", "quiet_days", "quiet_min_active_days"]
}
*/
with
-- The days that bear on the end of each month and quarter: the last 30, in which
-- a member may have gone quiet, and the 90 before, in which the member was active.
-- A quarter is counted like its last month, and not taken from it: so that what
-- is asked for of late periods alone is made of their days alone.
ends as (
    select
        p.grain,
        p.period_start,
        add_days(p.period_end, -param('quiet_days')) as quiet_from,
        add_days(p.period_end, -param('quiet_days') - param('quiet_base_days')) as base_from,
        p.period_end
    from ref.period as p
    where p.grain in ('month', 'quarter')
),

days as (
    select
        e.grain,
        e.period_start,
        e.quiet_from,
        cal.date_day,
        cal.date_day >= e.quiet_from as is_quiet_day
    from ends as e
    inner join ref.calendar as cal
        on cal.date_day >= e.base_from and cal.date_day < e.period_end
),

active_days as (
    select d.happened_on, d.person_id, coalesce(d.community_id, 'unknown') as community_id
    from mart.person_day_community as d
    where d.is_active
    union all
    select distinct d.happened_on, d.person_id, 'all' as community_id
    from mart.person_day_community as d
    where d.is_active
),

regulars as (
    select
        d.grain,
        d.period_start,
        d.quiet_from,
        a.person_id,
        a.community_id,
        not bool_or(d.is_quiet_day) as has_gone_quiet
    from active_days as a
    inner join days as d on d.date_day = a.happened_on
    group by d.grain, d.period_start, d.quiet_from, a.person_id, a.community_id
    having count(*) filter (where not d.is_quiet_day) >= param('quiet_min_active_days')
),

final as (
    select
        r.grain, r.period_start, r.person_id, r.community_id,
        r.has_gone_quiet as numerator, true as denominator
    from regulars as r
    left join mart.person as p on p.person_id = r.person_id
    where coalesce(p.first_joined_on < r.quiet_from, true)
)

select * from final
