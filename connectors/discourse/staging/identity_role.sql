-- One row per user with rights over all of the forum, as they are now: since
-- when they have been held is not said. Members of other groups hold no role
-- that their group's number would tell.
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':' || j.id as identity_id,
    case when j.admin then 'staff' else 'moderator' end as role_name,
    synced_at as source_updated_at
from raw.discourse__users
where j.admin or j.moderator
