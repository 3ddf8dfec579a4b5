-- severity: fail
-- A membership has one row.
select x.member_id, count(*) as copies
from core.community_member as x
group by x.member_id
having count(*) > 1
