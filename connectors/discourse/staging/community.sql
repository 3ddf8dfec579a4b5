-- One row per category in which an answer can be accepted (plugin solved).
-- Where the plugin is on for all topics no category says so, and the topics
-- themselves do (thread.is_solvable).
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance as community_id,
    true as supports_accept,
    synced_at as source_updated_at
from raw.discourse__categories
where lower(j.custom_fields.enable_accepted_answers) in ('true', 't')
