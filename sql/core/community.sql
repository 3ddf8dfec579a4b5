-- One row per community that any record belongs to, and what it can tell us:
-- as its source states (the record that changed last, ties to the greater
-- record), else as the records themselves show.
--
-- community_id: source:instance
-- source: connector type
-- source_instance: configured instance
-- name: the community's own name
-- purpose: what it is for: support, ideas, events
-- supports_accept: an answer can be accepted in it
-- exposes_visits: it says who visited on which day
-- exposes_views: it says how often members viewed content
-- first_seen_at: the first look: when a record of a thread in it was first stored, UTC; null without one
with
seen as (
    select t.community_id from core.thread as t
    union
    select r.community_id from core.thread_reply as r
    union
    select m.community_id from core.community_member as m
    union
    select e.community_id from core.community_event as e
    union
    select g.community_id from core.community_gathering as g
    union
    select v.community_id from core.content_view_daily as v
    union
    select s.community_id from staging.community as s where s.deleted_at is null
),

observed as (
    select
        s.*,
        row_number() over (
            partition by s.community_id
            order by s.source_updated_at nulls first, s.record nulls first
        ) as recency
    from staging.community as s
    where s.deleted_at is null
),

stated as (
    select
        o.community_id,
        max_by(o.name, o.recency) filter (where o.name is not null) as name,
        max_by(o.purpose, o.recency) filter (where o.purpose is not null) as purpose,
        max_by(o.supports_accept, o.recency) filter (where o.supports_accept is not null) as supports_accept,
        max_by(o.exposes_visits, o.recency) filter (where o.exposes_visits is not null) as exposes_visits,
        max_by(o.exposes_views, o.recency) filter (where o.exposes_views is not null) as exposes_views
    from observed as o
    group by o.community_id
),

looked as (
    select t.community_id, min(t.first_seen_at) as first_seen_at
    from staging.thread as t
    group by t.community_id
),

accepting as (
    select t.community_id from core.thread as t where t.is_solvable
    union
    select a.community_id from core.answer as a
),

visited as (
    select distinct e.community_id from core.community_event as e where e.event_type = 'visit'
),

viewed as (
    select distinct v.community_id from core.content_view_daily as v where v.viewer_class = 'member'
),

final as (
    select
        s.community_id,
        nullif(split_part(s.community_id, ':', 1), '') as source,
        nullif(split_part(s.community_id, ':', 2), '') as source_instance,
        i.name as name,
        i.purpose,
        coalesce(i.supports_accept, a.community_id is not null) as supports_accept,
        coalesce(i.exposes_visits, v.community_id is not null) as exposes_visits,
        coalesce(i.exposes_views, w.community_id is not null) as exposes_views,
        l.first_seen_at
    from seen as s
    left join stated as i on i.community_id = s.community_id
    left join looked as l on l.community_id = s.community_id
    left join accepting as a on a.community_id = s.community_id
    left join visited as v on v.community_id = s.community_id
    left join viewed as w on w.community_id = s.community_id
    where s.community_id is not null
)

select * from final
