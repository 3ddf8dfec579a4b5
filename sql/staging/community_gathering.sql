-- One row per event that people register for or attend.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- gathering_id: source:instance:object:id
-- community_id: the community it belongs to, if any
-- title: clear, stays in the lake
-- kind: webinar, meetup, office_hours, training, research
-- event_series: series it belongs to
-- campaign: campaign it belongs to
-- starts_at: when it starts
-- ends_at: when it ends
-- capacity: places
-- reports_attendance: the source says who came; null: it does if any attendance is known
-- is_cancelled: called off
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as gathering_id,
    cast(null as varchar) as community_id,
    cast(null as varchar) as title,
    cast(null as varchar) as kind,
    cast(null as varchar) as event_series,
    cast(null as varchar) as campaign,
    cast(null as timestamp) as starts_at,
    cast(null as timestamp) as ends_at,
    cast(null as bigint) as capacity,
    cast(null as boolean) as reports_attendance,
    cast(null as boolean) as is_cancelled,
    cast(null as timestamp) as source_updated_at
where false
