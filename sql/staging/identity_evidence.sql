-- One row per thing that a record says of a login beside staging.identity: what may
-- tell that it and another login are one person.
-- role: enriching
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- identity_id: source:instance:user
-- id_type: email, subject (a single sign-on's name of the person), reference (another login that it states to be), username, name
-- namespace: of a subject: who issued it
-- value: the address, subject or name; of a reference the other identity_id; clear, stays in the lake
-- trust: verified (by the person's own act), staff, self; null: as the instance's addresses
-- asserted_by: who says so, where it is not the source itself
-- seen_from: since when it holds; null: not said
-- seen_until: end, exclusive; null: still
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as identity_id,
    cast(null as varchar) as id_type,
    cast(null as varchar) as namespace,
    cast(null as varchar) as value,
    cast(null as varchar) as trust,
    cast(null as varchar) as asserted_by,
    cast(null as timestamp) as seen_from,
    cast(null as timestamp) as seen_until,
    cast(null as timestamp) as source_updated_at
where false
