-- severity: warn
-- Attendances are of an event that is known.
select x.identity_id, x.gathering_id
from core.event_attendance as x
where x.gathering_id is not null
    and not exists (select 1 from core.community_gathering as y where y.gathering_id = x.gathering_id)
