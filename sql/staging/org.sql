-- One row per company that a record shows, as its source knows it: customer,
-- company, organisation, workspace; several domains are several rows.
-- role: enriching
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- org_id: source:instance:org:id
-- source: connector type
-- source_instance: configured instance
-- source_org_id: the source's own id
-- name: the company's name
-- domain: e-mail domain of its people
-- reference_org_id: an org of another source that it states to be
-- parent_org_id: the org that owns it
-- is_customer: buys from us
-- is_internal: is ourselves
-- is_test: made for tests
-- created_at: when the source began to know it
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as org_id,
    cast(null as varchar) as source,
    cast(null as varchar) as source_instance,
    cast(null as varchar) as source_org_id,
    cast(null as varchar) as name,
    cast(null as varchar) as domain,
    cast(null as varchar) as reference_org_id,
    cast(null as varchar) as parent_org_id,
    cast(null as boolean) as is_customer,
    cast(null as boolean) as is_internal,
    cast(null as boolean) as is_test,
    cast(null as timestamp) as created_at,
    cast(null as timestamp) as source_updated_at
where false
