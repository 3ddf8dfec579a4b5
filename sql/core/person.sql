-- One row per person.
--
-- person_id: the human
-- identities: how many logins were linked
-- first_seen_at: when a record first showed the person
-- created_at: when the oldest login was made
-- is_bot: holds or held the role bot
-- is_staff: holds or held the role staff
-- is_test: a test person
with
logins as (
    select
        i.identity_id,
        min(i.first_seen_at) as first_seen_at,
        min(i.created_at) as created_at
    from staging.identity as i
    group by i.identity_id
),

people as (
    select
        p.person_id,
        count(*) as identities,
        min(l.first_seen_at) as first_seen_at,
        min(l.created_at) as created_at
    from core.person_identity as p
    left join logins as l on l.identity_id = p.identity_id
    group by p.person_id
),

roles as (
    select
        r.person_id,
        bool_or(r.role = 'bot') as is_bot,
        bool_or(r.role = 'staff') as is_staff,
        bool_or(r.role = 'test') as is_test
    from core.person_role as r
    group by r.person_id
),

final as (
    select
        p.person_id,
        p.identities,
        p.first_seen_at,
        p.created_at,
        coalesce(r.is_bot, false) as is_bot,
        coalesce(r.is_staff, false) as is_staff,
        coalesce(r.is_test, false) as is_test
    from people as p
    left join roles as r on r.person_id = p.person_id
)

select * from final
