-- One row per time in which a record says that a login belongs to a company.
-- role: enriching
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- identity_id: source:instance:user
-- org_id: source:instance:org:id
-- basis: manual (set by hand: beats all others), crm, billing, helpdesk, product; null: by the kind of the instance
-- is_primary: its main company by the source's word
-- valid_from: first instant; null: not said
-- valid_to: end, exclusive; null: still
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as identity_id,
    cast(null as varchar) as org_id,
    cast(null as varchar) as basis,
    cast(null as boolean) as is_primary,
    cast(null as timestamp) as valid_from,
    cast(null as timestamp) as valid_to,
    cast(null as timestamp) as source_updated_at
where false
