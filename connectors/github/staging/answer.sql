-- One row per discussion with a chosen answer. One taken back is no more in the
-- discussion.
select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':discussion:' || j.id as thread_id,
    'github:' || instance || ':discussion_comment:' || j.answer.id as reply_id,
    'github:' || instance || ':' || j.repository.databaseId as community_id,
    j.answerChosenAt at time zone 'UTC' as accepted_at,
    'github:' || instance || ':' || j.answerChosenBy.databaseId as accepted_by_identity_id,
    j.updatedAt at time zone 'UTC' as source_updated_at
from raw.github__discussions
where j.answer.id is not null
