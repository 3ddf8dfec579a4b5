-- One row per person and community: the first join that any membership shows,
-- of people who were neither staff nor bots when they joined. Joining again is
-- no first join. Ties go to the smaller member_id.
--
-- person_id: the human
-- community_id: where
-- identity_id: the login that joined first
-- first_joined_at: when, UTC
-- first_joined_on: the local date of that
-- join_channel: how
-- left_at: when the last membership ended; null while one lasts
-- is_first_community: the person's first join to any community; ties go to the smaller community_id
with
-- Roles with open ends closed, so that the join below compares only.
excluded as (
    select
        r.person_id,
        coalesce(r.valid_from, timestamp '0001-01-01 00:00:00') as valid_from,
        coalesce(r.valid_to, timestamp '9999-12-31 00:00:00') as valid_to
    from core.person_role as r
    where r.role in ('staff', 'bot')
),

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
    left join excluded as x
        on x.person_id = p.person_id and x.valid_from <= m.joined_at and x.valid_to > m.joined_at
    where m.joined_at is not null and x.person_id is null
),

ends as (
    select
        j.person_id,
        j.community_id,
        case when bool_or(j.left_at is null) then null else max(j.left_at) end as left_at
    from joins as j
    group by j.person_id, j.community_id
),

final as (
    select
        j.person_id,
        j.community_id,
        j.identity_id,
        j.joined_at as first_joined_at,
        j.joined_on as first_joined_on,
        j.join_channel,
        e.left_at,
        row_number() over (
            partition by j.person_id
            order by j.joined_at nulls last, j.community_id nulls last
        ) = 1 as is_first_community
    from joins as j
    inner join ends as e on e.person_id = j.person_id and e.community_id = j.community_id
    where j.place = 1
)

select * from final
