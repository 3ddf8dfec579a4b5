-- severity: fail
-- Acts that count have a tier from 0 to 3.
select a.event_id as key, a.tier
from mart.activity as a
where a.tier not between 0 and 3 or a.tier is null
