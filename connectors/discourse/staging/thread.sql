-- One row per record that shows a topic: its opening post, which has the
-- author, or the topic as lists show it, which has tags and state. A post that
-- was read through its topic has no title and no category; the topic has.
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':topic:' || j.topic_id as thread_id,
    'discourse:' || instance as community_id,
    'discourse:' || instance || ':' || j.user_id as author_identity_id,
    '' || j.category_id as category,
    j.topic_title as title,
    '/t/' || j.topic_slug || '/' || j.topic_id as url_path,
    j.created_at at time zone 'UTC' as created_at,
    case when j.accepted_answer or j.topic_accepted_answer or j.can_accept_answer then true end as is_solvable,
    coalesce(j.user_deleted, false) or coalesce(j.hidden, false) as is_removed,
    j.updated_at at time zone 'UTC' as source_updated_at
from raw.discourse__posts
where j.post_number = 1
;
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':topic:' || j.id as thread_id,
    'discourse:' || instance as community_id,
    '' || j.category_id as category,
    array_to_string(json_extract_string(j.tags, '$[*]'), ',') as tags,
    j.title as title,
    '/t/' || j.slug || '/' || j.id as url_path,
    j.created_at at time zone 'UTC' as created_at,
    case when j.has_accepted_answer then true end as is_solvable,
    j.archetype = 'private_message' as is_private,
    not coalesce(j.visible, true) as is_removed,
    synced_at as source_updated_at
from raw.discourse__topics
