-- One row per event of the product's own tracking.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- event_id: source:instance:object:id
-- identity_id: who
-- org_id: for which company
-- event_name: the product's name for it
-- feature: feature it belongs to
-- occurred_at: when
-- is_automated: sent by software, not by the person
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as event_id,
    cast(null as varchar) as identity_id,
    cast(null as varchar) as org_id,
    cast(null as varchar) as event_name,
    cast(null as varchar) as feature,
    cast(null as timestamp) as occurred_at,
    cast(null as boolean) as is_automated,
    cast(null as timestamp) as source_updated_at
where false
