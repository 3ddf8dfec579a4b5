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
-- The day of a person over all communities; only who acts in several that day
-- needs adding up.
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

leveled as (
    select
        p.*,
        r.period_end as next_period_start,
        r.prev_period_start,
        case when p.tier_max >= 2 then 'meaningful' when p.tier_max = 1 then 'engaged' else 'lurker' end as engagement_level
    from periods as p
    inner join ref.period as r on r.grain = p.grain and r.period_start = p.period_start
),

final as (
    select
        l.grain,
        l.period_start,
        l.next_period_start,
        l.person_id,
        l.community_id,
        l.active_days > 0 as is_active,
        coalesce(n.active_days > 0, false) as is_active_next,
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
        coalesce(b.engagement_level, 'none') as engagement_level_start
    from leveled as l
    inner join mart.person as p on p.person_id = l.person_id
    left join leveled as n
        on n.grain = l.grain and n.period_start = l.next_period_start
        and n.person_id = l.person_id and n.community_id = l.community_id
    left join leveled as b
        on b.grain = l.grain and b.period_start = l.prev_period_start
        and b.person_id = l.person_id and b.community_id = l.community_id
)

select * from final
