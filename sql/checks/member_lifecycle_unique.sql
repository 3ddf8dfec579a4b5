-- severity: fail
-- A person joins a community first once.
select x.person_id, x.community_id, count(*) as copies
from mart.member_lifecycle as x
group by x.person_id, x.community_id
having count(*) > 1
