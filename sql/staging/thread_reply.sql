-- One row per reply in a thread that a record shows.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- reply_id: source:instance:object:id
-- thread_id: the thread it stands in
-- community_id: source:instance
-- author_identity_id: who wrote it
-- parent_reply_id: the reply it answers, where replies nest
-- created_at: when it was written
-- char_len: characters of its text
-- is_system: written by the software: small actions, automatic notices, whispers
-- is_removed: taken down by its author or a moderator
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as reply_id,
    cast(null as varchar) as thread_id,
    cast(null as varchar) as community_id,
    cast(null as varchar) as author_identity_id,
    cast(null as varchar) as parent_reply_id,
    cast(null as timestamp) as created_at,
    cast(null as bigint) as char_len,
    cast(null as boolean) as is_system,
    cast(null as boolean) as is_removed,
    cast(null as timestamp) as source_updated_at
where false
