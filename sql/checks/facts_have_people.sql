-- severity: fail
-- Every login of a fact is in the identity map.
select w.identity_id, min(w.fact) as fact
from (
    select distinct author_identity_id as identity_id, 'core.thread' as fact from core.thread
    union all
    select distinct author_identity_id, 'core.thread_reply' from core.thread_reply
    union all
    select distinct identity_id, 'core.community_member' from core.community_member
    union all
    select distinct identity_id, 'core.community_event' from core.community_event
    union all
    select distinct identity_id, 'core.event_attendance' from core.event_attendance
    union all
    select distinct identity_id, 'core.survey_response' from core.survey_response
    union all
    select distinct identity_id, 'core.survey_invitation' from core.survey_invitation
    union all
    select distinct identity_id, 'core.product_user' from core.product_user
    union all
    select distinct identity_id, 'core.product_event' from core.product_event
) as w
where w.identity_id is not null
    and not exists (select 1 from core.person_identity as p where p.identity_id = w.identity_id)
group by w.identity_id
