-- One row per discussion and per issue, pull requests left out. Only the
-- discussion categories made for answers can be solved.
select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':discussion:' || j.id as thread_id,
    'github:' || instance || ':' || j.repository.databaseId as community_id,
    'github:' || instance || ':' || j.author.databaseId as author_identity_id,
    j.category.name as category,
    array_to_string([label.name for label in j.labels.nodes], ',') as tags,
    j.title as title,
    j.resourcePath as url_path,
    j.createdAt at time zone 'UTC' as created_at,
    j.category.isAnswerable as is_solvable,
    j.repository.isPrivate as is_private,
    j.updatedAt at time zone 'UTC' as source_updated_at
from raw.github__discussions;

select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':issue:' || j.id as thread_id,
    'github:' || instance || ':' || j.repository.databaseId as community_id,
    'github:' || instance || ':' || j.author.databaseId as author_identity_id,
    array_to_string([label.name for label in j.labels.nodes], ',') as tags,
    j.title as title,
    j.resourcePath as url_path,
    j.createdAt at time zone 'UTC' as created_at,
    false as is_solvable,
    j.repository.isPrivate as is_private,
    j.updatedAt at time zone 'UTC' as source_updated_at
from raw.github__issues
where j.__typename = 'Issue'
