-- One row per merge of two logins, or two companies, that a record of their own
-- source tells.
-- role: enriching
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- object: identity, org
-- merged_id: the identity_id or org_id that is no more
-- surviving_id: the one that it became
-- merged_at: when
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as object,
    cast(null as varchar) as merged_id,
    cast(null as varchar) as surviving_id,
    cast(null as timestamp) as merged_at,
    cast(null as timestamp) as source_updated_at
where false
