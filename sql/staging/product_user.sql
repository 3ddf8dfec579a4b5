-- One row per user of the product that a record shows.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- identity_id: source:instance:user
-- org_id: the company the user belongs to
-- created_at: when the user was made
-- deactivated_at: when the user was switched off
-- is_service: a service account
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as identity_id,
    cast(null as varchar) as org_id,
    cast(null as timestamp) as created_at,
    cast(null as timestamp) as deactivated_at,
    cast(null as boolean) as is_service,
    cast(null as timestamp) as source_updated_at
where false
