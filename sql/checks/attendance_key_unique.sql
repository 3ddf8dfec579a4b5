-- severity: fail
-- A login has one row per event.
select x.gathering_id, x.identity_id, count(*) as copies
from core.event_attendance as x
group by x.gathering_id, x.identity_id
having count(*) > 1
