-- One row per reaction, by the name GitHub shows it under, and per star: its
-- repository bookmarked, no single content. Reactions to pull requests and to
-- comments on them are left out as these are. GitHub cannot be asked for the issue
-- of a comment that may be on a pull request: there the thread is the content's.
select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':reaction:' || j.id as event_id,
    'github:' || instance || ':' || coalesce(j.reactable.repository.databaseId, j.reactable.discussion.repository.databaseId) as community_id,
    'github:' || instance || ':' || j.user.databaseId as identity_id,
    'reaction' as event_type,
    case j.content when 'THUMBS_UP' then '+1' when 'THUMBS_DOWN' then '-1' else lower(j.content) end as reaction,
    case j.reactable.__typename
        when 'Discussion' then 'github:' || instance || ':discussion:' || j.reactable.id
        when 'DiscussionComment' then 'github:' || instance || ':discussion:' || j.reactable.discussion.id
        when 'Issue' then 'github:' || instance || ':issue:' || j.reactable.id
    end as thread_id,
    case j.reactable.__typename
        when 'Discussion' then 'github:' || instance || ':discussion:' || j.reactable.id
        when 'DiscussionComment' then 'github:' || instance || ':discussion_comment:' || j.reactable.id
        when 'Issue' then 'github:' || instance || ':issue:' || j.reactable.id
        when 'IssueComment' then 'github:' || instance || ':issue_comment:' || j.reactable.id
    end as content_id,
    'github:' || instance || ':' || j.reactable.author.databaseId as target_identity_id,
    j.createdAt at time zone 'UTC' as occurred_at,
    j.user.__typename = 'Bot' or ends_with(lower(j.user.login), '[bot]') as is_automated,
    j.createdAt at time zone 'UTC' as source_updated_at
from raw.github__reactions
where j.reactable.__typename in ('Discussion', 'DiscussionComment', 'Issue', 'IssueComment') and j.reactable.pullRequest.id is null;

select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':star:' || key as event_id,
    'github:' || instance || ':' || split_part(key, ':', 1) as community_id,
    'github:' || instance || ':' || j.node.databaseId as identity_id,
    'bookmark' as event_type,
    j.starredAt at time zone 'UTC' as occurred_at,
    j.node.__typename = 'Bot' or ends_with(lower(j.node.login), '[bot]') as is_automated,
    j.starredAt at time zone 'UTC' as source_updated_at
from raw.github__stars
