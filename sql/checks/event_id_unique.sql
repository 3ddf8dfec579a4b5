-- severity: fail
-- An act has one row.
select x.event_id, count(*) as copies
from core.community_event as x
group by x.event_id
having count(*) > 1
