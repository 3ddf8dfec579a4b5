-- One row per person, role, source and span. A role holds from valid_from (null:
-- always) to valid_to (null: still). Dated roles come first: the flags of a login
-- (of the record that changed last and states them; ties go to the greater
-- record) count only where no dated role of the kind is known of it. Agents and
-- moderators work for us: they hold the role staff as well. A dated role whose
-- record is gone ended when that was found. The configuration's exclusions make
-- staff and test people, always.
--
-- person_id: the human
-- role: staff, bot, test, agent, moderator, partner or customer
-- source: connector type that says so; config for the configuration
-- valid_from: first instant of the role; null where the source gives none
-- valid_to: end of the role, exclusive; null while it holds
with
observed as (
    select
        i.identity_id,
        i.is_bot,
        i.is_staff,
        row_number() over (
            partition by i.identity_id
            order by coalesce(i.deleted_at, i.source_updated_at) nulls first, i.record nulls first
        ) as recency
    from staging.identity as i
),

flags as (
    select
        o.identity_id,
        max_by(o.is_bot, o.recency) filter (where o.is_bot is not null) as is_bot,
        max_by(o.is_staff, o.recency) filter (where o.is_staff is not null) as is_staff
    from observed as o
    group by o.identity_id
),

stated as (
    select
        r.identity_id,
        lower(r.role_name) as role_name,
        r.valid_from,
        coalesce(r.valid_to, r.deleted_at) as valid_to
    from staging.identity_role as r
    where r.identity_id is not null and r.role_name is not null
),

dated as (
    select * from stated
    union all
    select s.identity_id, 'staff' as role_name, s.valid_from, s.valid_to
    from stated as s
    where s.role_name in ('agent', 'moderator')
),

always as (
    select f.identity_id, 'bot' as role_name
    from flags as f
    where f.is_bot
        and not exists (select 1 from dated as d where d.identity_id = f.identity_id and d.role_name = 'bot')
    union all
    select f.identity_id, 'staff' as role_name
    from flags as f
    where f.is_staff
        and not exists (select 1 from dated as d where d.identity_id = f.identity_id and d.role_name = 'staff')
),

held as (
    select p.person_id, d.role_name, p.source as source, d.valid_from, d.valid_to
    from dated as d
    inner join core.person_identity as p on p.identity_id = d.identity_id
    where d.valid_to is null or d.valid_from is null or d.valid_to > d.valid_from
    union all
    select p.person_id, a.role_name, p.source as source, null as valid_from, null as valid_to
    from always as a
    inner join core.person_identity as p on p.identity_id = a.identity_id
    union all
    select p.person_id, c.role_name, 'config' as source, null as valid_from, null as valid_to
    from ref.config_exclusion as c
    inner join core.person_identity as p on p.identity_id = c.identity_id
),

final as (
    select distinct
        h.person_id,
        h.role_name as role,
        h.source as source,
        h.valid_from,
        h.valid_to
    from held as h
)

select * from final
