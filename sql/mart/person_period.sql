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
-- is_active_before: active in the period before it as well
-- is_contributor: wrote a thread or a reply
-- is_engaged: did something of tier 1 or above
-- is_meaningful: did something of tier 2 or above
-- active_days: days on which the person was active
-- engaged_parts: parts with an act of tier 1 or above: days of a week, ISO weeks of a month, months of a quarter
-- tier1_acts: acts of tier 1 and above
-- did_research: took part in research
-- join_month: of the person, as in mart.person
-- join_channel: of the person, as in mart.person
-- engagement_level: by the highest tier in the period: meaningful, engaged, lurker
-- engagement_level_start: the same of the period before; none without one
--
-- slice: periods of person_id, 1 back, 1 ahead
-- slice mart.person_day_community: happened_on
-- slice mart.person: person_id of mart.person_day_community
-- slice ref.calendar: date_day
-- slice ref.period: period_start
-- apart: people, numbered, several, days, wholes, weeks, months, quarters
-- apart: week_neighbours, month_neighbours, quarter_neighbours
-- People, communities and the pairs of them go by numbers until the end: rows
-- are grouped, ordered and compared many times.
with
people as (
    select
        p.person_id,
        p.join_month,
        p.join_channel,
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
    ) as c
),

places as (
    select count(*) + 1 as width from communities as c
),

numbered as (
    select
        p.person_no * w.width as whole_no,
        c.community_no,
        d.happened_on,
        d.is_active,
        d.tier_max,
        d.tier1_acts,
        d.threads > 0 or d.replies > 0 as is_contributor,
        d.did_research
    from mart.person_day_community as d
    inner join people as p on p.person_id = d.person_id
    inner join communities as c on c.community_id = coalesce(d.community_id, 'unknown')
    cross join places as w
),

several as (
    select n.whole_no
    from numbered as n
    group by n.whole_no
    having min(n.community_no) <> max(n.community_no)
),

-- Only of who acts in several communities the days have to be added up; of the
-- others all together is the one community, copied at the end.
days as (
    select
        n.whole_no as pair_no,
        n.happened_on,
        bool_or(n.is_active) as is_active,
        max(n.tier_max) as tier_max,
        cast(sum(n.tier1_acts) as bigint) as tier1_acts,
        bool_or(n.is_contributor) as is_contributor,
        bool_or(n.did_research) as did_research
    from numbered as n
    inner join several as s on s.whole_no = n.whole_no
    group by n.whole_no, n.happened_on
    union all
    select
        n.whole_no + n.community_no as pair_no,
        n.happened_on,
        n.is_active,
        n.tier_max,
        n.tier1_acts,
        n.is_contributor,
        n.did_research
    from numbered as n
),

wholes as (
    select
        p.person_no * w.width as whole_no,
        p.person_id,
        p.join_month,
        p.join_channel,
        s.whole_no is null as is_single
    from people as p
    cross join places as w
    left join several as s on s.whole_no = p.person_no * w.width
),

calendar as (
    select
        c.date_day,
        c.week_start,
        c.month_start,
        c.quarter_start,
        days_between(to_week(c.month_start), c.week_start) as into_month
    from ref.calendar as c
),

weeks as (
    select
        'week' as grain,
        c.week_start as period_start,
        d.pair_no,
        max(d.tier_max) as tier_max,
        count(*) filter (where d.is_active) as active_days,
        count(*) filter (where d.tier1_acts > 0) as engaged_parts,
        cast(sum(d.tier1_acts) as bigint) as tier1_acts,
        bool_or(d.is_contributor) as is_contributor,
        bool_or(d.did_research) as did_research
    from days as d
    inner join calendar as c on c.date_day = d.happened_on
    group by c.week_start, d.pair_no
),

-- A month touches six weeks at most.
months as (
    select
        'month' as grain,
        c.month_start as period_start,
        d.pair_no,
        max(d.tier_max) as tier_max,
        count(*) filter (where d.is_active) as active_days,
        cast(
            max(case when d.tier1_acts > 0 and c.into_month = 0 then 1 else 0 end)
            + max(case when d.tier1_acts > 0 and c.into_month = 7 then 1 else 0 end)
            + max(case when d.tier1_acts > 0 and c.into_month = 14 then 1 else 0 end)
            + max(case when d.tier1_acts > 0 and c.into_month = 21 then 1 else 0 end)
            + max(case when d.tier1_acts > 0 and c.into_month = 28 then 1 else 0 end)
            + max(case when d.tier1_acts > 0 and c.into_month = 35 then 1 else 0 end)
            as bigint
        ) as engaged_parts,
        cast(sum(d.tier1_acts) as bigint) as tier1_acts,
        bool_or(d.is_contributor) as is_contributor,
        bool_or(d.did_research) as did_research
    from days as d
    inner join calendar as c on c.date_day = d.happened_on
    group by c.month_start, d.pair_no
),

quarter_months as (
    select distinct c.month_start, c.quarter_start from calendar as c
),

quarters as (
    select
        'quarter' as grain,
        q.quarter_start as period_start,
        d.pair_no,
        max(d.tier_max) as tier_max,
        cast(sum(d.active_days) as bigint) as active_days,
        count(*) filter (where d.tier1_acts > 0) as engaged_parts,
        cast(sum(d.tier1_acts) as bigint) as tier1_acts,
        bool_or(d.is_contributor) as is_contributor,
        bool_or(d.did_research) as did_research
    from months as d
    inner join quarter_months as q on q.month_start = d.period_start
    group by q.quarter_start, d.pair_no
),

week_neighbours as (
    select
        p.*,
        lag(p.period_start) over in_pair as before_start,
        lag(p.tier_max) over in_pair as before_tier_max,
        lag(p.active_days) over in_pair as before_active_days,
        lead(p.period_start) over in_pair as after_start,
        lead(p.active_days) over in_pair as after_active_days
    from weeks as p
    window in_pair as (partition by p.pair_no order by p.period_start nulls last)
),

month_neighbours as (
    select
        p.*,
        lag(p.period_start) over in_pair as before_start,
        lag(p.tier_max) over in_pair as before_tier_max,
        lag(p.active_days) over in_pair as before_active_days,
        lead(p.period_start) over in_pair as after_start,
        lead(p.active_days) over in_pair as after_active_days
    from months as p
    window in_pair as (partition by p.pair_no order by p.period_start nulls last)
),

quarter_neighbours as (
    select
        p.*,
        lag(p.period_start) over in_pair as before_start,
        lag(p.tier_max) over in_pair as before_tier_max,
        lag(p.active_days) over in_pair as before_active_days,
        lead(p.period_start) over in_pair as after_start,
        lead(p.active_days) over in_pair as after_active_days
    from quarters as p
    window in_pair as (partition by p.pair_no order by p.period_start nulls last)
),

neighbours as (
    select w.* from week_neighbours as w
    union all
    select m.* from month_neighbours as m
    union all
    select q.* from quarter_neighbours as q
),

leveled as (
    select
        n.*,
        mod(n.pair_no, w.width) as community_no,
        r.period_end as next_period_start,
        coalesce(n.after_start = r.period_end and n.after_active_days > 0, false) as is_active_next,
        coalesce(n.before_start = r.prev_period_start and n.before_active_days > 0, false) as is_active_before,
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
    cross join places as w
),

final as (
    select
        l.grain,
        l.period_start,
        l.next_period_start,
        p.person_id,
        case when w.is_whole or c.community_no is null then 'all' else c.community_id end as community_id,
        l.active_days > 0 as is_active,
        l.is_active_next,
        l.is_active_before,
        l.is_contributor,
        l.tier_max >= 1 as is_engaged,
        l.tier_max >= 2 as is_meaningful,
        l.active_days,
        l.engaged_parts,
        l.tier1_acts,
        l.did_research,
        p.join_month,
        p.join_channel,
        l.engagement_level,
        l.engagement_level_start
    from leveled as l
    inner join wholes as p on p.whole_no = l.pair_no - l.community_no
    left join communities as c on c.community_no = l.community_no
    cross join (values (false), (true)) as w (is_whole)
    where not w.is_whole or p.is_single
)

select * from final
