-- One row per thread that a record shows; several records may show one thread.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- thread_id: source:instance:object:id
-- community_id: source:instance
-- author_identity_id: who opened it
-- category: board, channel or category
-- tags: comma-joined
-- title: clear, stays in the lake
-- url_path: path below the community's address; stays in the lake
-- created_at: when it was opened
-- char_len: characters of its opening text
-- is_solvable: an answer can be accepted in it
-- is_private: a direct message or a closed group's
-- product_topic: product area it is about, where somebody labelled it
-- campaign: campaign it belongs to
-- merged_into_thread_id: the thread it was merged into
-- is_removed: taken down by its author or a moderator
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as thread_id,
    cast(null as varchar) as community_id,
    cast(null as varchar) as author_identity_id,
    cast(null as varchar) as category,
    cast(null as varchar) as tags,
    cast(null as varchar) as title,
    cast(null as varchar) as url_path,
    cast(null as timestamp) as created_at,
    cast(null as bigint) as char_len,
    cast(null as boolean) as is_solvable,
    cast(null as boolean) as is_private,
    cast(null as varchar) as product_topic,
    cast(null as varchar) as campaign,
    cast(null as varchar) as merged_into_thread_id,
    cast(null as boolean) as is_removed,
    cast(null as timestamp) as source_updated_at
where false
