-- One row per record that shows an account: who wrote, chose an answer, reacted,
-- starred or is a member of the organisation. A deleted account shows as null
-- and is left out. The names in braces stand for each stream in turn.
select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':' || j.{account}.databaseId as identity_id,
    'github' as source,
    instance as source_instance,
    '' || j.{account}.databaseId as source_user_id,
    j.{account}.login as username,
    j.{account}.name as display_name,
    nullif(j.{account}.email, '') as email,
    j.{account}.__typename = 'Bot' or ends_with(lower(j.{account}.login), '[bot]') as is_bot,
    {is_staff} as is_staff,
    j.{account}.createdAt at time zone 'UTC' as created_at,
    {seen_at} as source_updated_at
from raw.github__{stream}
where j.{account}.databaseId is not null
