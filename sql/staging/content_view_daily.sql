-- One row per piece of content, day and class of viewer.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- content_type: thread, article, page
-- content_id: what was viewed
-- community_id: source:instance
-- view_date: local day of the source's report
-- viewer_class: member, anonymous, staff, bot
-- views: views
-- unique_viewers: distinct viewers
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as content_type,
    cast(null as varchar) as content_id,
    cast(null as varchar) as community_id,
    cast(null as date) as view_date,
    cast(null as varchar) as viewer_class,
    cast(null as bigint) as views,
    cast(null as bigint) as unique_viewers,
    cast(null as timestamp) as source_updated_at
where false
