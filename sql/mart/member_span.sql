-- One row per membership and span of days over which it lasted: from joining to
-- leaving, without the time of a suspension. One whose joining no source dates
-- counts from when a record first showed it.
--
-- member_id: the membership
-- community_id: where
-- identity_id: whose login
-- from_on: first local day
-- until_on: local day on which it had ended; 9999-12-31 while it lasts
--
-- slice: member_id
-- slice core.community_member: member_id
with
memberships as (
    select
        m.member_id,
        m.community_id,
        m.identity_id,
        coalesce(m.joined_on, m.first_seen_on) as from_on,
        coalesce(local_date(m.left_at), date '9999-12-31') as until_on,
        coalesce(local_date(m.suspended_at), date '9999-12-31') as suspended_on,
        coalesce(local_date(m.suspended_until), date '9999-12-31') as resumed_on
    from core.community_member as m
    where m.community_id is not null
),

spans as (
    select
        m.member_id,
        m.community_id,
        m.identity_id,
        m.from_on,
        case when m.suspended_on < m.until_on then m.suspended_on else m.until_on end as until_on
    from memberships as m
    union all
    select
        m.member_id,
        m.community_id,
        m.identity_id,
        case when m.resumed_on > m.from_on then m.resumed_on else m.from_on end as from_on,
        m.until_on
    from memberships as m
    where m.suspended_on < m.until_on
),

final as (
    select s.*
    from spans as s
    where s.from_on < s.until_on
)

select * from final
