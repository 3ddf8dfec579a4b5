-- severity: fail
-- A user of the product has one row.
select x.identity_id, count(*) as copies
from core.product_user as x
group by x.identity_id
having count(*) > 1
