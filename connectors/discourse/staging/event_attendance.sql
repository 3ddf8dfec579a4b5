-- One row per invitee who is going. Those interested or not going have not
-- registered; somebody who changes their mind is gone from here. Discourse does
-- not say when they answered: it is taken for when the answer was first seen.
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':invitee:' || j.id as attendance_id,
    'discourse:' || instance || ':event:' || split_part(key, ':', 1) as gathering_id,
    'discourse:' || instance || ':' || j.user.id as identity_id,
    first_seen_at as registered_at,
    synced_at as source_updated_at
from raw.discourse__event_invitees
where j.status = 'going'
