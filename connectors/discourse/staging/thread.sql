-- One row per record that shows a topic: its opening post, which has the
-- author, or the topic as lists show it, which has tags and state. A post that
-- was read through its topic has no title and no category, the topic has. Tags
-- are names on older forums and objects on newer ones. An accepted answer alone
-- makes no topic solvable: where can_have_answer is not sent, unsolved topics
-- would look as if they could not be solved. When it was opened is the opening
-- post's to say: a topic whose opening nobody may read is no content to count.
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
    length(coalesce(j.raw, regexp_replace(j.cooked, '<[^>]*>', '', 'g'))) as char_len,
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
    coalesce(
        nullif(array_to_string(json_extract_string(data, '$.tags[*].name'), ','), ''),
        array_to_string(json_extract_string(data, '$.tags[*]'), ',')
    ) as tags,
    j.title as title,
    '/t/' || j.slug || '/' || j.id as url_path,
    case when j.can_have_answer is not null then j.can_have_answer or coalesce(j.has_accepted_answer, false) end as is_solvable,
    j.archetype = 'private_message' as is_private,
    case when not j.visible then true end as is_removed,
    synced_at as source_updated_at
from raw.discourse__topics
