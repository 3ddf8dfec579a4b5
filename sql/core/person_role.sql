-- One row per person, role and source. A role holds from valid_from (null:
-- always) to valid_to (null: still). The flags of a login are taken from the
-- record that changed last and states them; ties go to the greater record.
--
-- person_id: the human
-- role: staff or bot
-- source: connector type that says so
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

roles as (
    select f.identity_id, 'bot' as role from flags as f where f.is_bot
    union all
    select f.identity_id, 'staff' as role from flags as f where f.is_staff
),

final as (
    select distinct
        p.person_id,
        r.role as role,
        p.source,
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to
    from roles as r
    inner join core.person_identity as p on p.identity_id = r.identity_id
)

select * from final
