-- severity: warn
-- Types of acts have a rule, and kinds and outcomes are words that definitions
-- know; others count for nothing.
select 'core.community_event' as fact, e.event_type as word, count(*) as facts
from core.community_event as e
where e.event_type is not null
    and not exists (select 1 from ref.engagement_rule as r where r.event_type = e.event_type)
group by e.event_type
union all
select 'core.person_role', r.role, count(*)
from core.person_role as r
where r.role not in ('staff', 'agent', 'moderator', 'partner', 'customer', 'bot', 'test')
group by r.role
union all
select 'core.moderation_action', m.outcome, count(*)
from core.moderation_action as m
where m.outcome not in ('upheld', 'rejected', 'ignored', 'pending')
group by m.outcome
union all
select 'core.survey', s.kind, count(*)
from core.survey as s
where s.kind not in ('nps', 'csat', 'ces', 'event', 'community_sat', 'brand', 'other')
group by s.kind
