-- One row per acceptance of a reply as the answer of a thread that a record
-- shows.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- thread_id: the question
-- reply_id: the accepted reply
-- community_id: source:instance
-- accepted_at: when it was accepted; null where the source does not say
-- accepted_by_identity_id: who accepted it
-- unaccepted_at: when that was taken back
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as thread_id,
    cast(null as varchar) as reply_id,
    cast(null as varchar) as community_id,
    cast(null as timestamp) as accepted_at,
    cast(null as varchar) as accepted_by_identity_id,
    cast(null as timestamp) as unaccepted_at,
    cast(null as timestamp) as source_updated_at
where false
