-- severity: fail
-- An act counts once.
select x.event_id, count(*) as copies
from mart.activity as x
group by x.event_id
having count(*) > 1
