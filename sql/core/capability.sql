-- One row per thing that the connected sources can tell. A KPI that needs one
-- which is not here is not configured, and is not complete before the day from
-- which it is told. Visits are told from the first one on where a source hands
-- over its log. A source that only says when everybody was last seen tells
-- nothing of the days before it was asked: of these it knows one visit each. Such
-- a source is known by that, visits of one day only of nine people in ten.
--
-- capability: visits (every community says who visited), accept (answers can be accepted somewhere), attendance (who came to events), member_views (how often members viewed content), helpful_votes (reactions or votes that can say that a reply helped), training (which acts, events or product events are training), research (acts or events of research)
-- since_on: first local day of which it is told by every community that has to; null: of all days
with
asked as (
    select e.community_id, local_date(min(e.first_seen_at)) as asked_on
    from staging.community_event as e
    where e.event_type = 'visit'
    group by e.community_id
),

visitors as (
    select
        e.community_id,
        e.identity_id,
        a.asked_on,
        min(e.happened_on) as first_on,
        max(e.happened_on) filter (where e.happened_on < a.asked_on) as last_on
    from core.community_event as e
    inner join asked as a on a.community_id = e.community_id
    where e.event_type = 'visit'
    group by e.community_id, e.identity_id, a.asked_on
),

witnessed as (
    select
        v.community_id,
        case
            when count(*) filter (where v.last_on > v.first_on) * 10 > count(v.last_on) then min(v.first_on)
            else v.asked_on
        end as since_on
    from visitors as v
    group by v.community_id, v.asked_on
),

able as (
    select 'visits' as capability, count(*) > 0 and bool_and(c.exposes_visits) as is_able, max(w.since_on) as since_on
    from core.community as c
    left join witnessed as w on w.community_id = c.community_id
    union all
    select 'accept', coalesce(bool_or(c.supports_accept), false), cast(null as date) from core.community as c
    union all
    select 'attendance', coalesce(bool_or(g.reports_attendance), false), cast(null as date) from core.community_gathering as g
    union all
    select 'member_views', coalesce(bool_or(c.exposes_views), false), cast(null as date) from core.community as c
    union all
    select 'helpful_votes', count(*) > 0, cast(null as date) from core.community_event as e where e.event_type in ('reaction', 'vote')
    union all
    select 'training', count(*) > 0, cast(null as date) from ref.product_event_rule as r where r.is_training
    union all
    select 'training', count(*) > 0, cast(null as date) from core.community_event as e where e.event_type = 'training_view'
    union all
    select 'training', count(*) > 0, cast(null as date) from core.community_gathering as g
    where g.reports_attendance and g.kind in ('training', 'office_hours')
    union all
    select 'research', count(*) > 0, cast(null as date) from core.community_event as e where e.event_type like 'research%'
    union all
    select 'research', count(*) > 0, cast(null as date) from core.community_gathering as g where g.reports_attendance and g.kind = 'research'
)

select a.capability, max(a.since_on) as since_on
from able as a
where a.is_able
group by a.capability
