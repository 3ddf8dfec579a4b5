-- severity: fail
-- At most one in a hundred acts has no type, time or login.
select count(*) as acts, count(*) filter (where e.event_type is null or e.happened_at is null or e.identity_id is null) as lacking
from core.community_event as e
having count(*) filter (where e.event_type is null or e.happened_at is null or e.identity_id is null) > 0.01 * count(*)
