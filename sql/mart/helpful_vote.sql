-- One row per reply and person who said that it helped, with the first such
-- vote. Votes of the author, of bots and of test people do not count, nor those
-- taken back; staff may vote. A vote without a voter counts by itself.
--
-- reply_id: the reply
-- voter_person_id: who voted; null where the source does not say
-- voted_at: the first vote, UTC
-- hours_after: elapsed hours since the reply
--
-- slice: reply_id
-- slice core.community_event: content_id
-- slice mart.content: content_id
-- slice ref.calendar: date_day of core.community_event.happened_on
-- apart: votes
with
rules as (
    select
        c.date_day,
        max(d.rules_on) as rules_on
    from ref.calendar as c
    inner join (select distinct t.rules_on from mart.engagement_tier as t) as d on d.rules_on <= c.date_day
    group by c.date_day
),

helpful as (
    select t.event_type, t.source as source, coalesce(t.reaction, '') as reaction, t.rules_on
    from mart.engagement_tier as t
    where t.is_helpful and t.min_chars = 0
),

votes as (
    select
        e.event_id,
        e.content_id,
        p.person_id,
        e.happened_at
    from core.community_event as e
    inner join rules as r on r.date_day = e.happened_on
    inner join helpful as h
        on h.event_type = e.event_type and h.source = e.source and h.rules_on = r.rules_on
        and h.reaction = coalesce(e.reaction, '')
    left join core.person_identity as p on p.identity_id = e.identity_id
    left join core.person_standing as s
        on s.person_id = p.person_id and s.valid_from <= e.happened_at and s.valid_to > e.happened_at
    where not e.is_removed
        and not e.is_automated
        and e.content_id is not null
        and e.happened_at is not null
        and coalesce(s.standing, 'member') in ('member', 'staff')
),

placed as (
    select
        v.content_id as reply_id,
        v.person_id as voter_person_id,
        coalesce(v.person_id, v.event_id) as voter,
        v.happened_at as voted_at,
        c.happened_at as written_at
    from votes as v
    inner join mart.content as c on c.content_id = v.content_id
    where c.kind = 'reply'
        and c.is_eligible
        and (c.person_id is null or v.person_id is null or v.person_id <> c.person_id)
),

final as (
    select
        p.reply_id,
        max(p.voter_person_id) as voter_person_id,
        min(p.voted_at) as voted_at,
        min(hours_between(p.written_at, p.voted_at)) as hours_after
    from placed as p
    group by p.reply_id, p.voter
)

select * from final
