-- severity: fail
-- No id of a fact holds an address: ids are published.
select 'core.person_identity' as fact, p.identity_id as id
from core.person_identity as p where p.identity_id like '%_@_%._%'
union all
select 'core.thread', t.thread_id from core.thread as t where t.thread_id like '%_@_%._%'
union all
select 'core.thread_reply', r.reply_id from core.thread_reply as r where r.reply_id like '%_@_%._%'
union all
select 'core.community_event', e.event_id from core.community_event as e where e.event_id like '%_@_%._%'
union all
select 'core.survey_response', s.response_id from core.survey_response as s where s.response_id like '%_@_%._%'
union all
select 'core.product_event', e.event_id from core.product_event as e where e.event_id like '%_@_%._%'
