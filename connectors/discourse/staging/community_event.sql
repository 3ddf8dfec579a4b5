-- One row per like, bookmark, flag, and user and day seen. An opening post's
-- content is its thread. Records of accounts with an id below 0, Discourse's
-- own, are automatic.
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':like:' || key as event_id,
    'discourse:' || instance as community_id,
    'discourse:' || instance || ':' || j.acting_user_id as identity_id,
    'reaction' as event_type,
    'like' as reaction,
    'discourse:' || instance || ':topic:' || j.topic_id as thread_id,
    case
        when j.post_number = 1 then 'discourse:' || instance || ':topic:' || j.topic_id
        else 'discourse:' || instance || ':post:' || j.post_id
    end as content_id,
    'discourse:' || instance || ':' || j.user_id as target_identity_id,
    j.created_at at time zone 'UTC' as occurred_at,
    j.acting_user_id < 0 as is_automated,
    coalesce(j.hidden, false) as is_removed,
    j.created_at at time zone 'UTC' as source_updated_at
from raw.discourse__reactions
;
-- The query of bookmarks_query may leave out what tells an opening post. Chat
-- messages are bookmarked too and are no content here.
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':bookmark:' || j.id as event_id,
    'discourse:' || instance as community_id,
    'discourse:' || instance || ':' || j.user_id as identity_id,
    'bookmark' as event_type,
    'discourse:' || instance || ':topic:' || case when j.bookmarkable_type = 'Topic' then j.bookmarkable_id else j.topic_id end as thread_id,
    case
        when j.bookmarkable_type = 'Topic' then 'discourse:' || instance || ':topic:' || j.bookmarkable_id
        when j.post_number = 1 then 'discourse:' || instance || ':topic:' || j.topic_id
        else 'discourse:' || instance || ':post:' || j.bookmarkable_id
    end as content_id,
    'discourse:' || instance || ':' || j.target_user_id as target_identity_id,
    j.created_at at time zone 'UTC' as occurred_at,
    j.user_id < 0 as is_automated,
    coalesce(j.updated_at, j.created_at) at time zone 'UTC' as source_updated_at
from raw.discourse__bookmarks
where j.bookmarkable_type in ('Post', 'Topic')
;
-- Somebody seen several times on one UTC day is one record of that day.
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':visit:' || key as event_id,
    'discourse:' || instance as community_id,
    'discourse:' || instance || ':' || j.id as identity_id,
    'visit' as event_type,
    j.last_seen_at at time zone 'UTC' as occurred_at,
    j.id < 0 as is_automated,
    j.last_seen_at at time zone 'UTC' as source_updated_at
from raw.discourse__visits
;
-- An entry of the review queue is made by the first who flags. What was done to
-- a topic that is gone counts no more, as with a hidden post's likes.
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':flag:' || j.id as event_id,
    'discourse:' || instance as community_id,
    'discourse:' || instance || ':' || j.created_by_id as identity_id,
    'flag' as event_type,
    'discourse:' || instance || ':topic:' || coalesce(j.topic_id, j.removed_topic_id) as thread_id,
    case
        when regexp_matches(j.target_url, '/t/[^/]+/[0-9]+(/1)?$') and j.post_id is not null then 'discourse:' || instance || ':topic:' || coalesce(j.topic_id, j.removed_topic_id)
        else 'discourse:' || instance || ':post:' || coalesce(j.post_id, case when j.target_type = 'Post' then j.target_id end)
    end as content_id,
    'discourse:' || instance || ':' || j.target_created_by_id as target_identity_id,
    j.created_at at time zone 'UTC' as occurred_at,
    j.created_by_id < 0 as is_automated,
    j.removed_topic_id is not null as is_removed,
    synced_at as source_updated_at
from raw.discourse__reviewables
where j.type = 'ReviewableFlaggedPost' and j.created_by_id is not null
