-- severity: fail
-- A person has one row.
select x.person_id, count(*) as copies
from mart.person as x
group by x.person_id
having count(*) > 1
