-- One row per person and community: the first join that any membership shows,
-- of people who were neither staff nor bots nor test people when they joined.
-- Joining again is no first join. Ties go to the smaller member_id. Acts before
-- the join do not count; events and surveys of no community count in each.
--
-- person_id: the human
-- community_id: where
-- identity_id: the login that joined first
-- first_joined_at: when, UTC
-- first_joined_on: the local date of that
-- first_action_at: first thread, reply or event attended since, UTC
-- first_meaningful_at: first act of tier 2 or above since, UTC
-- join_channel: how
-- left_at: when the last membership ended; null while one lasts
-- is_first_community: the person's first join to any community; ties go to the smaller community_id
with
joins as (
    select
        p.person_id,
        m.community_id,
        m.identity_id,
        m.joined_at,
        m.joined_on,
        m.join_channel,
        m.left_at,
        row_number() over (
            partition by p.person_id, m.community_id
            order by m.joined_at nulls last, m.member_id nulls last
        ) as place
    from core.community_member as m
    inner join core.person_identity as p on p.identity_id = m.identity_id
    left join core.person_standing as s
        on s.person_id = p.person_id and s.valid_from <= m.joined_at and s.valid_to > m.joined_at
    where m.joined_at is not null and s.person_id is null
),

ends as (
    select
        j.person_id,
        j.community_id,
        case when bool_or(j.left_at is null) then null else max(j.left_at) end as left_at
    from joins as j
    group by j.person_id, j.community_id
),

firsts as (
    select j.*
    from joins as j
    where j.place = 1
),

acts as (
    select
        a.person_id,
        a.community_id,
        a.happened_at,
        a.event_type in ('thread', 'reply', 'attend') as is_action,
        a.tier >= 2 as is_meaningful
    from mart.activity as a
    where a.event_type in ('thread', 'reply', 'attend') or a.tier >= 2
),

begun as (
    select
        f.person_id,
        f.community_id,
        min(a.happened_at) filter (where a.is_action) as first_action_at,
        min(a.happened_at) filter (where a.is_meaningful) as first_meaningful_at
    from firsts as f
    inner join acts as a on a.person_id = f.person_id
    where a.happened_at >= f.joined_at
        and (a.community_id is null or a.community_id = f.community_id)
    group by f.person_id, f.community_id
),

final as (
    select
        f.person_id,
        f.community_id,
        f.identity_id,
        f.joined_at as first_joined_at,
        f.joined_on as first_joined_on,
        b.first_action_at,
        b.first_meaningful_at,
        f.join_channel,
        e.left_at,
        row_number() over (
            partition by f.person_id
            order by f.joined_at nulls last, f.community_id nulls last
        ) = 1 as is_first_community
    from firsts as f
    inner join ends as e on e.person_id = f.person_id and e.community_id = f.community_id
    left join begun as b on b.person_id = f.person_id and b.community_id = f.community_id
)

select * from final
