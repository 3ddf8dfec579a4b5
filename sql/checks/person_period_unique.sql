-- severity: fail
-- A person has one row per period and community.
select x.grain, x.period_start, x.community_id, x.person_id, count(*) as copies
from mart.person_period as x
group by x.grain, x.period_start, x.community_id, x.person_id
having count(*) > 1
