-- severity: fail
-- Every login that wrote something is in the identity map.
select w.author_identity_id
from (
    select author_identity_id from core.thread
    union
    select author_identity_id from core.thread_reply
) as w
where w.author_identity_id is not null
    and not exists (select 1 from core.person_identity as p where p.identity_id = w.author_identity_id)
