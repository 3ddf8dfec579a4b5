-- severity: fail
-- An org belongs to one company.
select s.org_id, count(*) as accounts
from core.account_source as s
group by s.org_id
having count(*) > 1
