-- One row per person, community and local day on which the person did anything.
-- What counts as active is one setting for all communities: any act where every
-- community says who visited, else writing a thread or a reply, since reactions
-- alone would show of lurkers what one community tells and hide what the other
-- does not.
--
-- person_id: the human
-- community_id: where; null for events and surveys of no community
-- happened_on: the local day
-- is_active: active by that rule
-- tier_max: the highest tier of the day
-- tier1_acts: acts of tier 1 and above
-- tier2_acts: acts of tier 2 and above
-- threads: threads opened
-- replies: replies written
-- attended: events attended
-- did_visit: visited, where the community says so
-- did_research: took part in research: an act of that type, or an event of that kind attended
--
-- slice: happened_on
-- slice mart.activity: happened_on
with
basis as (
    select count(*) > 0 as is_visit
    from core.capability as c
    where c.capability = 'visits'
),

research as (
    select g.gathering_id
    from core.community_gathering as g
    where g.kind = 'research'
),

days as (
    select
        a.person_id,
        a.community_id,
        a.happened_on,
        max(a.tier) as tier_max,
        count(*) filter (where a.tier >= 1) as tier1_acts,
        count(*) filter (where a.tier >= 2) as tier2_acts,
        count(*) filter (where a.event_type = 'thread') as threads,
        count(*) filter (where a.event_type = 'reply') as replies,
        count(*) filter (where a.event_type = 'attend') as attended,
        count(*) filter (where a.event_type = 'visit') > 0 as did_visit,
        count(*) filter (where a.event_type like 'research%' or g.gathering_id is not null) > 0 as did_research
    from mart.activity as a
    left join research as g on g.gathering_id = a.content_id
    where a.person_id is not null
    group by a.person_id, a.community_id, a.happened_on
),

final as (
    select
        d.person_id,
        d.community_id,
        d.happened_on,
        b.is_visit or d.threads > 0 or d.replies > 0 as is_active,
        d.tier_max,
        d.tier1_acts,
        d.tier2_acts,
        d.threads,
        d.replies,
        d.attended,
        d.did_visit,
        d.did_research
    from days as d
    cross join basis as b
)

select * from final
