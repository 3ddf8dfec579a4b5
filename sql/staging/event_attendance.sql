-- One row per registration for or visit of an event that a record shows; a
-- person who joined several times may have several.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- attendance_id: source:instance:object:id
-- gathering_id: the event
-- identity_id: who
-- registered_at: when registered; null for a walk-in
-- cancelled_at: when the registration was taken back
-- first_joined_at: when this visit began
-- last_left_at: when it ended
-- minutes_attended: minutes of this visit
-- checked_in: was checked in
-- is_host: host, speaker or panellist
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as attendance_id,
    cast(null as varchar) as gathering_id,
    cast(null as varchar) as identity_id,
    cast(null as timestamp) as registered_at,
    cast(null as timestamp) as cancelled_at,
    cast(null as timestamp) as first_joined_at,
    cast(null as timestamp) as last_left_at,
    cast(null as double) as minutes_attended,
    cast(null as boolean) as checked_in,
    cast(null as boolean) as is_host,
    cast(null as timestamp) as source_updated_at
where false
