-- One row per thing that the connected sources can tell. A KPI that needs one
-- which is not here is not configured.
--
-- capability: visits (every community says who visited), accept (answers can be accepted somewhere), attendance (who came to events), member_views (how often members viewed content), helpful_votes (reactions or votes that can say that a reply helped), training (which acts, events or product events are training), research (acts or events of research)
with
able as (
    select 'visits' as capability, count(*) > 0 and bool_and(c.exposes_visits) as is_able
    from core.community as c
    union all
    select 'accept', coalesce(bool_or(c.supports_accept), false) from core.community as c
    union all
    select 'attendance', coalesce(bool_or(g.reports_attendance), false) from core.community_gathering as g
    union all
    select 'member_views', coalesce(bool_or(c.exposes_views), false) from core.community as c
    union all
    select 'helpful_votes', count(*) > 0 from core.community_event as e where e.event_type in ('reaction', 'vote')
    union all
    select 'training', count(*) > 0 from ref.product_event_rule as r where r.is_training
    union all
    select 'training', count(*) > 0 from core.community_event as e where e.event_type = 'training_view'
    union all
    select 'training', count(*) > 0 from core.community_gathering as g
    where g.reports_attendance and g.kind in ('training', 'office_hours')
    union all
    select 'research', count(*) > 0 from core.community_event as e where e.event_type like 'research%'
    union all
    select 'research', count(*) > 0 from core.community_gathering as g where g.reports_attendance and g.kind = 'research'
)

select distinct a.capability
from able as a
where a.is_able
