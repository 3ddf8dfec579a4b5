-- severity: fail
-- One row per company.
select a.account_id, count(*) as found
from core.account as a
group by a.account_id
having count(*) > 1
