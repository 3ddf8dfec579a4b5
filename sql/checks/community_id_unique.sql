-- severity: fail
-- A community has one row.
select x.community_id, count(*) as copies
from core.community as x
group by x.community_id
having count(*) > 1
