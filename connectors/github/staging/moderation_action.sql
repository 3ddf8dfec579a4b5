-- One row per comment that a moderator minimised for what it says. Reports of
-- members are not shown, and neither is when a moderator decided.
select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':minimized:' || j.id as action_id,
    'github:' || instance || ':' || j.discussion.repository.databaseId as community_id,
    'github:' || instance || ':discussion_comment:' || j.id as content_id,
    replace(lower(j.minimizedReason), '-', '_') as reason,
    'upheld' as outcome,
    j.updatedAt at time zone 'UTC' as source_updated_at
from raw.github__discussion_comments
where j.isMinimized and lower(replace(j.minimizedReason, '_', '-')) in ('spam', 'abuse', 'off-topic', 'low-quality');

select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':minimized:' || j.id as action_id,
    'github:' || instance || ':' || j.repository.databaseId as community_id,
    'github:' || instance || ':issue_comment:' || j.id as content_id,
    replace(lower(j.minimizedReason), '-', '_') as reason,
    'upheld' as outcome,
    j.updatedAt at time zone 'UTC' as source_updated_at
from raw.github__issue_comments
where j.issue.id is not null and j.isMinimized and lower(replace(j.minimizedReason, '_', '-')) in ('spam', 'abuse', 'off-topic', 'low-quality')
