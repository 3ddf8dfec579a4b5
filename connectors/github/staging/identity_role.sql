-- One row per member of the organisation: staff, since when is not said.
select
    record,
    first_seen_at,
    deleted_at,
    'github:' || instance || ':' || j.node.databaseId as identity_id,
    'staff' as role_name,
    synced_at as source_updated_at
from raw.github__members
where j.node.databaseId is not null
