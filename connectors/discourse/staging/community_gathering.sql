-- One row per event of a post (plugin calendar). It takes answers to its
-- invitation and never says who came.
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':event:' || j.id as gathering_id,
    'discourse:' || instance as community_id,
    coalesce(nullif(j.name, ''), j.post.topic.title) as title,
    j.starts_at at time zone 'UTC' as starts_at,
    j.ends_at at time zone 'UTC' as ends_at,
    j.max_attendees as capacity,
    false as reports_attendance,
    synced_at as source_updated_at
from raw.discourse__events
