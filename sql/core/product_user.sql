-- One row per user of the product. Each attribute is taken from the record that
-- changed last and states it; ties go to the greater record. A user whose
-- latest record is gone was switched off when that was found.
--
-- identity_id: source:instance:user
-- org_id: the company the user belongs to
-- created_at: when the user was made, UTC
-- created_on: the local date of that
-- deactivated_at: when the user was switched off, UTC; null while on
-- is_service: a service account
with
observed as (
    select
        u.*,
        row_number() over (
            partition by u.identity_id
            order by coalesce(u.deleted_at, u.source_updated_at) nulls first, u.record nulls first
        ) as recency
    from staging.product_user as u
),

latest as (
    select
        o.identity_id,
        max_by(o.org_id, o.recency) filter (where o.org_id is not null) as org_id,
        max_by(o.created_at, o.recency) filter (where o.created_at is not null) as created_at,
        max_by(coalesce(o.deactivated_at, o.deleted_at), o.recency) as deactivated_at,
        max_by(o.is_service, o.recency) filter (where o.is_service is not null) as is_service
    from observed as o
    group by o.identity_id
),

final as (
    select
        l.identity_id,
        l.org_id,
        l.created_at,
        local_date(l.created_at) as created_on,
        l.deactivated_at,
        coalesce(l.is_service, false) as is_service
    from latest as l
)

select * from final
