-- One row per record that shows an account: who wrote, reacted, starred or is
-- a member of the organisation. A deleted account writes as null and is left out.
select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':' || j.author.databaseId as identity_id,
    'github' as source,
    instance as source_instance,
    '' || j.author.databaseId as source_user_id,
    j.author.login as username,
    j.author.name as display_name,
    nullif(j.author.email, '') as email,
    j.author.__typename = 'Bot' or ends_with(lower(j.author.login), '[bot]') as is_bot,
    j.authorAssociation in ('OWNER', 'MEMBER') as is_staff,
    j.author.createdAt at time zone 'UTC' as created_at,
    j.updatedAt at time zone 'UTC' as source_updated_at
from raw.github__discussions
where j.author.databaseId is not null;

select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':' || j.author.databaseId as identity_id,
    'github' as source,
    instance as source_instance,
    '' || j.author.databaseId as source_user_id,
    j.author.login as username,
    j.author.name as display_name,
    nullif(j.author.email, '') as email,
    j.author.__typename = 'Bot' or ends_with(lower(j.author.login), '[bot]') as is_bot,
    j.authorAssociation in ('OWNER', 'MEMBER') as is_staff,
    j.author.createdAt at time zone 'UTC' as created_at,
    j.updatedAt at time zone 'UTC' as source_updated_at
from raw.github__discussion_comments
where j.author.databaseId is not null;

select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':' || j.author.databaseId as identity_id,
    'github' as source,
    instance as source_instance,
    '' || j.author.databaseId as source_user_id,
    j.author.login as username,
    j.author.name as display_name,
    nullif(j.author.email, '') as email,
    j.author.__typename = 'Bot' or ends_with(lower(j.author.login), '[bot]') as is_bot,
    j.authorAssociation in ('OWNER', 'MEMBER') as is_staff,
    j.author.createdAt at time zone 'UTC' as created_at,
    j.updatedAt at time zone 'UTC' as source_updated_at
from raw.github__issues
where j.author.databaseId is not null;

select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':' || j.author.databaseId as identity_id,
    'github' as source,
    instance as source_instance,
    '' || j.author.databaseId as source_user_id,
    j.author.login as username,
    j.author.name as display_name,
    nullif(j.author.email, '') as email,
    j.author.__typename = 'Bot' or ends_with(lower(j.author.login), '[bot]') as is_bot,
    j.authorAssociation in ('OWNER', 'MEMBER') as is_staff,
    j.author.createdAt at time zone 'UTC' as created_at,
    j.updatedAt at time zone 'UTC' as source_updated_at
from raw.github__issue_comments
where j.author.databaseId is not null;

select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':' || j.user.databaseId as identity_id,
    'github' as source,
    instance as source_instance,
    '' || j.user.databaseId as source_user_id,
    j.user.login as username,
    j.user.name as display_name,
    nullif(j.user.email, '') as email,
    j.user.__typename = 'Bot' or ends_with(lower(j.user.login), '[bot]') as is_bot,
    j.user.createdAt at time zone 'UTC' as created_at,
    j.createdAt at time zone 'UTC' as source_updated_at
from raw.github__reactions
where j.user.databaseId is not null;

select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':' || j.node.databaseId as identity_id,
    'github' as source,
    instance as source_instance,
    '' || j.node.databaseId as source_user_id,
    j.node.login as username,
    j.node.name as display_name,
    nullif(j.node.email, '') as email,
    j.node.__typename = 'Bot' or ends_with(lower(j.node.login), '[bot]') as is_bot,
    j.node.createdAt at time zone 'UTC' as created_at,
    j.starredAt at time zone 'UTC' as source_updated_at
from raw.github__stars
where j.node.databaseId is not null;

select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':' || j.node.databaseId as identity_id,
    'github' as source,
    instance as source_instance,
    '' || j.node.databaseId as source_user_id,
    j.node.login as username,
    j.node.name as display_name,
    nullif(j.node.email, '') as email,
    j.node.__typename = 'Bot' or ends_with(lower(j.node.login), '[bot]') as is_bot,
    true as is_staff,
    j.node.createdAt at time zone 'UTC' as created_at,
    synced_at as source_updated_at
from raw.github__members
where j.node.databaseId is not null
