-- One row per accepted post. Discourse says neither when it was accepted nor
-- by whom; one taken back is gone from the stream.
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':topic:' || j.topic_id as thread_id,
    'discourse:' || instance || ':post:' || j.id as reply_id,
    'discourse:' || instance as community_id,
    synced_at as source_updated_at
from raw.discourse__solutions
