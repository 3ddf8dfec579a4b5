-- severity: fail
-- An event of the product has one row.
select x.event_id, count(*) as copies
from core.product_event as x
group by x.event_id
having count(*) > 1
