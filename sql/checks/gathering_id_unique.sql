-- severity: fail
-- An event has one row.
select x.gathering_id, count(*) as copies
from core.community_gathering as x
group by x.gathering_id
having count(*) > 1
