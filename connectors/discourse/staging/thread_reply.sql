-- One row per post after the first of its topic. Types 2 and 3 are notices of
-- what moderators and the forum did, type 4 whispers among staff.
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':post:' || j.id as reply_id,
    'discourse:' || instance || ':topic:' || j.topic_id as thread_id,
    'discourse:' || instance as community_id,
    'discourse:' || instance || ':' || j.user_id as author_identity_id,
    j.created_at at time zone 'UTC' as created_at,
    length(coalesce(j.raw, regexp_replace(j.cooked, '<[^>]*>', '', 'g'))) as char_len,
    coalesce(j.post_type, 1) <> 1 or coalesce(j.user_id < 0, false) as is_system,
    coalesce(j.user_deleted, false) or coalesce(j.hidden, false) as is_removed,
    j.updated_at at time zone 'UTC' as source_updated_at
from raw.discourse__posts
where j.post_number > 1
