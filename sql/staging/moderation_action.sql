-- One row per flag, report or review of one piece of content.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- action_id: source:instance:object:id
-- community_id: source:instance
-- content_id: the thread or reply
-- reason: the source's word: spam, off_topic, inappropriate
-- flagged_at: when it was flagged
-- resolved_at: when a moderator decided
-- outcome: upheld, rejected, ignored, pending
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as action_id,
    cast(null as varchar) as community_id,
    cast(null as varchar) as content_id,
    cast(null as varchar) as reason,
    cast(null as timestamp) as flagged_at,
    cast(null as timestamp) as resolved_at,
    cast(null as varchar) as outcome,
    cast(null as timestamp) as source_updated_at
where false
