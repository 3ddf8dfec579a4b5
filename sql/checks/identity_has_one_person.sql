-- severity: fail
-- A login belongs to one person.
select p.identity_id, count(*) as people
from core.person_identity as p
group by p.identity_id
having count(*) > 1
