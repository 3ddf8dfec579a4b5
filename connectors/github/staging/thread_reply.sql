-- One row per comment of a discussion, reply to one, and comment on an issue,
-- those on pull requests left out. A comment minimised as spam, abuse, off-topic
-- or of low quality is removed; one that is outdated, resolved or a duplicate
-- was none the worse when it was written.
select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':discussion_comment:' || j.id as reply_id,
    'github:' || instance || ':discussion:' || j.discussion.id as thread_id,
    'github:' || instance || ':' || j.discussion.repository.databaseId as community_id,
    'github:' || instance || ':' || j.author.databaseId as author_identity_id,
    'github:' || instance || ':discussion_comment:' || j.replyTo.id as parent_reply_id,
    j.createdAt at time zone 'UTC' as created_at,
    length(j.bodyText) as char_len,
    false as is_system,
    j.deletedAt is not null or coalesce(j.isMinimized and lower(replace(j.minimizedReason, '_', '-')) in ('spam', 'abuse', 'off-topic', 'low-quality'), false) as is_removed,
    j.updatedAt at time zone 'UTC' as source_updated_at
from raw.github__discussion_comments;

select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':issue_comment:' || j.id as reply_id,
    'github:' || instance || ':issue:' || j.issue.id as thread_id,
    'github:' || instance || ':' || j.repository.databaseId as community_id,
    'github:' || instance || ':' || j.author.databaseId as author_identity_id,
    j.createdAt at time zone 'UTC' as created_at,
    length(j.bodyText) as char_len,
    false as is_system,
    coalesce(j.isMinimized and lower(replace(j.minimizedReason, '_', '-')) in ('spam', 'abuse', 'off-topic', 'low-quality'), false) as is_removed,
    j.updatedAt at time zone 'UTC' as source_updated_at
from raw.github__issue_comments
where j.issue.id is not null
