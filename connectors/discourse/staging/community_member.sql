-- One row per member. Staged users were made from an e-mail and never joined,
-- accounts with an id below 0 are Discourse's own. A suspension is shown while it
-- lasts, and not any more where it is lifted.
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':' || j.id as member_id,
    'discourse:' || instance as community_id,
    'discourse:' || instance || ':' || j.id as identity_id,
    j.created_at at time zone 'UTC' as joined_at,
    coalesce(j.suspended, false) as is_suspended,
    j.suspended_at at time zone 'UTC' as suspended_at,
    j.suspended_till at time zone 'UTC' as suspended_until,
    j.trust_level as trust_level,
    synced_at as source_updated_at
from raw.discourse__users
where j.id > 0 and not coalesce(j.staged, false)
