-- One row per record that shows a login: a user as an admin sees them (again
-- for each further address), the author of a post, or who opened a topic, whom
-- lists of topics name first among its posters. Accounts with an id below 0 are
-- Discourse's own (system, discobot).
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':' || j.id as identity_id,
    'discourse' as source,
    instance as source_instance,
    '' || j.id as source_user_id,
    j.username as username,
    j.name as display_name,
    j.email as email,
    j.id < 0 as is_bot,
    coalesce(j.admin, false) or coalesce(j.moderator, false) as is_staff,
    j.created_at at time zone 'UTC' as created_at,
    synced_at as source_updated_at
from raw.discourse__users
;
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':' || j.id as identity_id,
    'discourse' as source,
    instance as source_instance,
    '' || j.id as source_user_id,
    j.username as username,
    j.name as display_name,
    unnest(j.secondary_emails) as email,
    j.id < 0 as is_bot,
    coalesce(j.admin, false) or coalesce(j.moderator, false) as is_staff,
    j.created_at at time zone 'UTC' as created_at,
    synced_at as source_updated_at
from raw.discourse__users
;
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':' || j.user_id as identity_id,
    'discourse' as source,
    instance as source_instance,
    '' || j.user_id as source_user_id,
    j.username as username,
    j.name as display_name,
    j.user_id < 0 as is_bot,
    coalesce(j.admin, false) or coalesce(j.moderator, false) or coalesce(j.staff, false) as is_staff,
    j.updated_at at time zone 'UTC' as source_updated_at
from raw.discourse__posts
where j.user_id is not null
;
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':' || j.posters[1].user_id as identity_id,
    'discourse' as source,
    instance as source_instance,
    '' || j.posters[1].user_id as source_user_id,
    j.posters[1].user_id < 0 as is_bot,
    synced_at as source_updated_at
from raw.discourse__topics
where j.posters[1].user_id is not null
