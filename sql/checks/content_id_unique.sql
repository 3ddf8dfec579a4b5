-- severity: fail
-- A thread or reply has one row.
select x.content_id, count(*) as copies
from mart.content as x
group by x.content_id
having count(*) > 1
