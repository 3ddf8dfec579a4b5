-- One row per event that has begun and whose source says who came, and person
-- who registered or came. Hosts, staff, bots and test people are left out, and
-- events that were called off. A registration taken back before the start is
-- none; who came without ever registering is a walk-in.
--
-- gathering_id: the event
-- community_id: the community it belongs to, if any
-- source: connector type
-- kind: webinar, meetup, office_hours, training, research
-- event_series: series it belongs to
-- campaign: campaign it belongs to
-- identity_id: the login; of several the smallest
-- person_id: the human; null where the login is unknown
-- starts_at: when the event started, UTC
-- starts_on: the local date of that
-- joined_at: when the person came, UTC: as reported, else the start; null for who did not come
-- is_registered: registered, and not cancelled before the start
-- is_attended: checked in, or stayed for min_attend_minutes
-- is_walk_in: came without ever registering
with
gatherings as (
    select g.*
    from core.community_gathering as g
    where not g.is_cancelled
        and g.reports_attendance
        and g.starts_at is not null
        and g.starts_on < cast(setting('today') as date)
),

people as (
    select
        a.gathering_id,
        coalesce(p.person_id, a.identity_id) as attendee,
        max(p.person_id) as person_id,
        min(a.identity_id) as identity_id,
        min(a.registered_at) as registered_at,
        case
            when bool_or(a.registered_at is not null and a.cancelled_at is null) then null
            else max(a.cancelled_at)
        end as cancelled_at,
        min(a.first_joined_at) as first_joined_at,
        sum(a.minutes_attended) as minutes_attended,
        bool_or(a.checked_in) as checked_in,
        bool_or(a.is_host) as is_host
    from core.event_attendance as a
    left join core.person_identity as p on p.identity_id = a.identity_id
    group by a.gathering_id, coalesce(p.person_id, a.identity_id)
),

came as (
    select
        g.gathering_id,
        g.community_id,
        g.source as source,
        g.kind as kind,
        g.event_series,
        g.campaign,
        a.identity_id,
        a.person_id,
        g.starts_at,
        g.starts_on,
        coalesce(a.first_joined_at, g.starts_at) as joined_at,
        a.registered_at is not null and coalesce(a.cancelled_at >= g.starts_at, true) as is_registered,
        a.checked_in or coalesce(a.minutes_attended >= param('min_attend_minutes'), false) as is_attended,
        a.registered_at is null as is_unregistered
    from gatherings as g
    inner join people as a on a.gathering_id = g.gathering_id
    left join core.person_standing as s
        on s.person_id = a.person_id and s.valid_from <= g.starts_at and s.valid_to > g.starts_at
    where not a.is_host and s.person_id is null
),

final as (
    select
        c.gathering_id,
        c.community_id,
        c.source as source,
        c.kind as kind,
        c.event_series,
        c.campaign,
        c.identity_id,
        c.person_id,
        c.starts_at,
        c.starts_on,
        case when c.is_attended then c.joined_at end as joined_at,
        c.is_registered,
        c.is_attended,
        c.is_attended and c.is_unregistered as is_walk_in
    from came as c
)

select * from final
