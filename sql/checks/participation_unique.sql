-- severity: fail
-- A person takes part in an event once.
select x.gathering_id, coalesce(x.person_id, x.identity_id), count(*) as copies
from mart.event_participation as x
group by x.gathering_id, coalesce(x.person_id, x.identity_id)
having count(*) > 1
