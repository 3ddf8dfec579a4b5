-- One row per person who did anything, grain (week, month, quarter), period, and
-- community; the rows of community 'all' are the person over all communities. A
-- week that straddles the end of a month counts as one part of each month.
--
-- grain: week, month or quarter
-- period_start: first day of the period
-- next_period_start: first day of the period after it
-- person_id: the human
-- community_id: where; all for all together, unknown for events and surveys of no community
-- is_active: active on some day, by the rule of mart.person_day_community
-- is_active_next: active in the period after it as well
-- is_contributor: wrote a thread or a reply
-- is_engaged: did something of tier 1 or above
-- is_meaningful: did something of tier 2 or above
-- active_days: days on which the person was active
-- engaged_parts: parts with an act of tier 1 or above: days of a week, ISO weeks of a month, months of a quarter
-- threads: threads opened
-- replies: replies written
-- tier1_acts: acts of tier 1 and above
-- tier2_acts: acts of tier 2 and above
-- attended: events attended
-- did_research: took part in research
-- join_month: of the person, as in mart.person
-- join_channel: of the person, as in mart.person
-- engagement_level: by the highest tier in the period: meaningful, engaged, lurker
-- engagement_level_start: the same of the period before; none without one
--
-- slice: periods, 1 back, 1 ahead
-- slice mart.person_day_community: happened_on
-- slice mart.person: person_id of mart.person_day_community
-- slice ref.calendar: date_day
-- slice ref.period: period_start
with
several as (
    select c.person_id
    from (
        select distinct d.person_id, coalesce(d.community_id, 'unknown') as community_id
        from mart.person_day_community as d
    ) as c
    group by c.person_id
    having count(*) > 1
),

-- Only of who acts in several communities the days have to be added up; of the
-- others all together is the one community, copied at the end.
whole_days as (
    select
        d.person_id,
        'all' as community_id,
        d.happened_on,
        bool_or(d.is_active) as is_active,
        max(d.tier_max) as tier_max,
        cast(sum(d.tier1_acts) as bigint) as tier1_acts,
        cast(sum(d.tier2_acts) as bigint) as tier2_acts,
        cast(sum(d.threads) as bigint) as threads,
        cast(sum(d.replies) as bigint) as replies,
        cast(sum(d.attended) as bigint) as attended,
        bool_or(d.did_research) as did_research
    from mart.person_day_community as d
    inner join several as s on s.person_id = d.person_id
    group by d.person_id, d.happened_on
),

days as (
    select * from whole_days
    union all
    select
        d.person_id,
        coalesce(d.community_id, 'unknown') as community_id,
        d.happened_on,
        d.is_active,
        d.tier_max,
        d.tier1_acts,
        d.tier2_acts,
        d.threads,
        d.replies,
        d.attended,
        d.did_research
    from mart.person_day_community as d
),

-- Weeks cut at the ends of months: whole weeks and months are sums of these.
parts as (
    select
        d.person_id,
        d.community_id,
        c.week_start,
        c.month_start,
        c.quarter_start,
        max(d.tier_max) as tier_max,
        count(*) filter (where d.is_active) as active_days,
        count(*) filter (where d.tier1_acts > 0) as engaged_days,
        cast(sum(d.tier1_acts) as bigint) as tier1_acts,
        cast(sum(d.tier2_acts) as bigint) as tier2_acts,
        cast(sum(d.threads) as bigint) as threads,
        cast(sum(d.replies) as bigint) as replies,
        cast(sum(d.attended) as bigint) as attended,
        bool_or(d.did_research) as did_research
    from days as d
    inner join ref.calendar as c on c.date_day = d.happened_on
    group by d.person_id, d.community_id, c.week_start, c.month_start, c.quarter_start
),

weeks as (
    select
        'week' as grain,
        p.week_start as period_start,
        p.person_id,
        p.community_id,
        max(p.tier_max) as tier_max,
        cast(sum(p.active_days) as bigint) as active_days,
        cast(sum(p.engaged_days) as bigint) as engaged_parts,
        cast(sum(p.tier1_acts) as bigint) as tier1_acts,
        cast(sum(p.tier2_acts) as bigint) as tier2_acts,
        cast(sum(p.threads) as bigint) as threads,
        cast(sum(p.replies) as bigint) as replies,
        cast(sum(p.attended) as bigint) as attended,
        bool_or(p.did_research) as did_research
    from parts as p
    group by p.week_start, p.person_id, p.community_id
),

months as (
    select
        'month' as grain,
        p.month_start as period_start,
        p.person_id,
        p.community_id,
        max(p.tier_max) as tier_max,
        cast(sum(p.active_days) as bigint) as active_days,
        count(*) filter (where p.engaged_days > 0) as engaged_parts,
        cast(sum(p.tier1_acts) as bigint) as tier1_acts,
        cast(sum(p.tier2_acts) as bigint) as tier2_acts,
        cast(sum(p.threads) as bigint) as threads,
        cast(sum(p.replies) as bigint) as replies,
        cast(sum(p.attended) as bigint) as attended,
        bool_or(p.did_research) as did_research
    from parts as p
    group by p.month_start, p.person_id, p.community_id
),

quarter_months as (
    select distinct c.month_start, c.quarter_start from ref.calendar as c
),

quarters as (
    select
        'quarter' as grain,
        q.quarter_start as period_start,
        m.person_id,
        m.community_id,
        max(m.tier_max) as tier_max,
        cast(sum(m.active_days) as bigint) as active_days,
        count(*) filter (where m.tier1_acts > 0) as engaged_parts,
        cast(sum(m.tier1_acts) as bigint) as tier1_acts,
        cast(sum(m.tier2_acts) as bigint) as tier2_acts,
        cast(sum(m.threads) as bigint) as threads,
        cast(sum(m.replies) as bigint) as replies,
        cast(sum(m.attended) as bigint) as attended,
        bool_or(m.did_research) as did_research
    from months as m
    inner join quarter_months as q on q.month_start = m.period_start
    group by q.quarter_start, m.person_id, m.community_id
),

periods as (
    select * from weeks
    union all
    select * from months
    union all
    select * from quarters
),

neighbours as (
    select
        p.*,
        lag(p.period_start) over who as before_start,
        lag(p.tier_max) over who as before_tier_max,
        lead(p.period_start) over who as after_start,
        lead(p.active_days) over who as after_active_days
    from periods as p
    window who as (partition by p.grain, p.person_id, p.community_id order by p.period_start nulls last)
),

leveled as (
    select
        n.*,
        r.period_end as next_period_start,
        coalesce(n.after_start = r.period_end and n.after_active_days > 0, false) as is_active_next,
        case when n.tier_max >= 2 then 'meaningful' when n.tier_max = 1 then 'engaged' else 'lurker' end
            as engagement_level,
        case
            when n.before_start is distinct from r.prev_period_start then 'none'
            when n.before_tier_max >= 2 then 'meaningful'
            when n.before_tier_max = 1 then 'engaged'
            else 'lurker'
        end as engagement_level_start
    from neighbours as n
    inner join ref.period as r on r.grain = n.grain and r.period_start = n.period_start
),

final as (
    select
        l.grain,
        l.period_start,
        l.next_period_start,
        l.person_id,
        case when w.is_whole then 'all' else l.community_id end as community_id,
        l.active_days > 0 as is_active,
        l.is_active_next,
        l.threads > 0 or l.replies > 0 as is_contributor,
        l.tier_max >= 1 as is_engaged,
        l.tier_max >= 2 as is_meaningful,
        l.active_days,
        l.engaged_parts,
        l.threads,
        l.replies,
        l.tier1_acts,
        l.tier2_acts,
        l.attended,
        l.did_research,
        p.join_month,
        p.join_channel,
        l.engagement_level,
        l.engagement_level_start
    from leveled as l
    inner join mart.person as p on p.person_id = l.person_id
    left join several as s on s.person_id = l.person_id
    cross join (values (false), (true)) as w (is_whole)
    where not w.is_whole or s.person_id is null
)

select * from final
