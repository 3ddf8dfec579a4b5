-- One row per membership. Each attribute is taken from the record that changed
-- last and states it; ties go to the greater record. A membership whose record
-- is gone has ended. A suspension is the one that the record states that last
-- says whether there is one, its flag or its dates; with the flag alone it counts
-- from when that record changed, else was first seen.
--
-- member_id: source:instance:object:id
-- community_id: source:instance
-- identity_id: source:instance:user
-- joined_at: when it began, UTC
-- joined_on: the local date of that
-- left_at: when it ended, UTC; null while it lasts
-- join_channel: how the member came
-- is_suspended: barred from taking part
-- suspended_at: since when, UTC; null where there is no suspension or it is over and nobody says when it ended
-- suspended_until: until when, UTC; null where that is open
-- trust_level: the community's own grade
-- first_seen_on: local date on which a record first showed the membership
--
-- slice: member_id
-- slice staging.community_member: member_id
with
observed as (
    select
        m.*,
        row_number() over (
            partition by m.member_id
            order by coalesce(m.deleted_at, m.source_updated_at) nulls first, m.record nulls first
        ) as recency
    from staging.community_member as m
),

latest as (
    select
        o.member_id,
        max_by(o.community_id, o.recency) filter (where o.community_id is not null) as community_id,
        max_by(o.identity_id, o.recency) filter (where o.identity_id is not null) as identity_id,
        max_by(o.joined_at, o.recency) filter (where o.joined_at is not null) as joined_at,
        max_by(coalesce(o.left_at, o.deleted_at), o.recency) as left_at,
        max_by(o.join_channel, o.recency) filter (where o.join_channel is not null) as join_channel,
        max_by(o.trust_level, o.recency) filter (where o.trust_level is not null) as trust_level,
        min(o.first_seen_at) as first_seen_at
    from observed as o
    group by o.member_id
),

suspensions as (
    select
        o.member_id,
        coalesce(o.is_suspended, true) as is_suspended,
        o.suspended_until,
        case
            when coalesce(o.is_suspended, true) then coalesce(o.suspended_at, o.source_updated_at, o.first_seen_at)
            when o.suspended_until is not null then o.suspended_at
        end as suspended_at,
        row_number() over (partition by o.member_id order by o.recency desc nulls last) as place
    from observed as o
    where o.is_suspended is not null or o.suspended_at is not null
),

final as (
    select
        l.member_id,
        l.community_id,
        l.identity_id,
        l.joined_at,
        local_date(l.joined_at) as joined_on,
        l.left_at,
        l.join_channel,
        coalesce(s.is_suspended, false) as is_suspended,
        s.suspended_at,
        case when s.suspended_at is not null then s.suspended_until end as suspended_until,
        l.trust_level,
        local_date(l.first_seen_at) as first_seen_on
    from latest as l
    left join suspensions as s on s.member_id = l.member_id and s.place = 1
)

select * from final
