-- One row per community that a record describes: what it can tell us.
-- role: enriching
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- community_id: source:instance
-- name: the community's own name
-- purpose: what it is for: support, ideas, events
-- supports_accept: an answer can be accepted in it
-- exposes_visits: the source says who visited on which day
-- exposes_views: the source says how often members viewed content
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as community_id,
    cast(null as varchar) as name,
    cast(null as varchar) as purpose,
    cast(null as boolean) as supports_accept,
    cast(null as boolean) as exposes_visits,
    cast(null as boolean) as exposes_views,
    cast(null as timestamp) as source_updated_at
where false
