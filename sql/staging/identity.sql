-- One row per login that a record shows; several records may show one login.
-- role: enriching
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- identity_id: source:instance:user
-- source: connector type
-- source_instance: configured instance
-- source_user_id: the source's own user id
-- username: login name; clear, stays in the lake
-- display_name: full name; clear, stays in the lake
-- email: address; clear, stays in the lake
-- is_bot: a program, by the source's word
-- is_staff: works for us or moderates, by the source's word
-- created_at: when the login was made
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as identity_id,
    cast(null as varchar) as source,
    cast(null as varchar) as source_instance,
    cast(null as varchar) as source_user_id,
    cast(null as varchar) as username,
    cast(null as varchar) as display_name,
    cast(null as varchar) as email,
    cast(null as boolean) as is_bot,
    cast(null as boolean) as is_staff,
    cast(null as timestamp) as created_at,
    cast(null as timestamp) as source_updated_at
where false
