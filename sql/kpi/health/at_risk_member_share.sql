/*
kpi "at_risk_member_share" {
  name        = "Members going quiet"
  definition  = "Of the members active on two days or more in the 90 days before the period's last 30, the share without any activity in those 30. Who left since counts as quiet; who joined within the 30 days is not looked at. Active means any act down to a visit where every community says who visited, else writing a thread or a reply."
  formula     = "regulars silent in the last 30 days / regulars of the 90 days before"
  data_source = "community platform: threads, replies, acts and visits"
  owner       = "community_manager"
  cadence     = "monthly"
  category    = "health"
  version     = 4
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

base_days as (
    select
        e.grain,
        e.period_start,
        e.base_from,
        e.quiet_from,
        e.period_end,
        cal.date_day
    from ends as e
    inner join ref.calendar as cal
        on cal.date_day >= e.base_from and cal.date_day < e.quiet_from
),

-- People, communities and the pairs of them go by numbers until the end: rows
-- are grouped, ordered and compared many times.
people as (
    select
        p.person_id,
        p.first_joined_on,
        row_number() over (order by p.person_id nulls last) as person_no
    from mart.person as p
),

communities as (
    select
        c.community_id,
        row_number() over (order by c.community_id nulls last) as community_no
    from (
        select distinct coalesce(d.community_id, 'unknown') as community_id
        from mart.person_day_community as d
        where d.is_active
    ) as c
),

places as (
    select count(*) + 1 as width from communities as c
),

numbered as (
    select p.person_no * w.width as whole_no, c.community_no, d.happened_on
    from mart.person_day_community as d
    inner join people as p on p.person_id = d.person_id
    inner join communities as c on c.community_id = coalesce(d.community_id, 'unknown')
    cross join places as w
    where d.is_active
),

several as (
    select n.whole_no
    from numbered as n
    group by n.whole_no
    having min(n.community_no) <> max(n.community_no)
),

-- Of who acts in one community only, all together is that one, copied at the end.
active_days as (
    select n.whole_no + n.community_no as pair_no, n.happened_on
    from numbered as n
    union all
    select distinct n.whole_no as pair_no, n.happened_on
    from numbered as n
    inner join several as s on s.whole_no = n.whole_no
),

-- enough_since: from this day to happened_on are as many active days as make a regular
beside as (
    select
        a.pair_no,
        a.happened_on,
        lag(a.happened_on, cast(ceil(param('quiet_min_active_days')) as integer) - 1) over by_day as enough_since,
        lead(a.happened_on) over by_day as next_on
    from active_days as a
    window by_day as (partition by a.pair_no order by a.happened_on nulls last)
),

-- One row per regular and period: that of the last active day before the quiet ones.
regulars as (
    select
        d.grain,
        d.period_start,
        d.quiet_from,
        b.pair_no,
        coalesce(b.next_on >= d.period_end, true) as has_gone_quiet
    from beside as b
    inner join base_days as d
        on d.date_day = b.happened_on
        and b.enough_since >= d.base_from
        and coalesce(b.next_on >= d.quiet_from, true)
),

placed as (
    select r.*, mod(r.pair_no, w.width) as community_no
    from regulars as r
    cross join places as w
),

wholes as (
    select
        p.person_no * w.width as whole_no,
        p.person_id,
        p.first_joined_on,
        s.whole_no is null as is_single
    from people as p
    cross join places as w
    left join several as s on s.whole_no = p.person_no * w.width
),

final as (
    select
        r.grain, r.period_start, p.person_id,
        case when a.is_whole or c.community_no is null then 'all' else c.community_id end as community_id,
        r.has_gone_quiet as numerator, true as denominator
    from placed as r
    inner join wholes as p on p.whole_no = r.pair_no - r.community_no
    left join communities as c on c.community_no = r.community_no
    cross join (values (false), (true)) as a (is_whole)
    where coalesce(p.first_joined_on < r.quiet_from, true) and (not a.is_whole or p.is_single)
)

select * from final
