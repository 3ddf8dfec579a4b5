-- One row per repository, and per discussion in a category made for answers:
-- that its repository has one. GitHub shows neither visits nor what members
-- viewed.
select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':' || j.databaseId as community_id,
    j.nameWithOwner as name,
    case when not j.hasDiscussionsEnabled then false end as supports_accept,
    false as exposes_visits,
    false as exposes_views,
    synced_at as source_updated_at
from raw.github__repositories;

select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':' || j.repository.databaseId as community_id,
    true as supports_accept,
    j.updatedAt at time zone 'UTC' as source_updated_at
from raw.github__discussions
where j.category.isAnswerable
