-- One row per thing that the connected sources can tell. A KPI that needs one
-- which is not here is not configured.
--
-- capability: visits (every community says who visited), accept (answers can be accepted somewhere), attendance (who came to events), member_views (how often members viewed content), helpful_votes (reactions or votes that can say that a reply helped)
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
)

select a.capability
from able as a
where a.is_able
