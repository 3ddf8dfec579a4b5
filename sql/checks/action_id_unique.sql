-- severity: fail
-- A flag has one row.
select x.action_id, count(*) as copies
from core.moderation_action as x
group by x.action_id
having count(*) > 1
