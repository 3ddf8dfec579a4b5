-- One row per act beside opening threads and writing replies: reactions, votes,
-- bookmarks, shares, visits and the like. Each attribute is taken from the
-- record that changed last and states it; ties go to the greater record. An act
-- whose latest record is gone is removed. A visit or view at midnight UTC is one
-- of which the source tells the day only, and keeps that day.
--
-- event_id: source:instance:object:id
-- community_id: source:instance
-- identity_id: who acted
-- event_type: type of act: reaction, vote, bookmark, visit and so on
-- source: connector type
-- reaction: of a reaction or vote: the source's name for it, lower case
-- thread_id: the thread it was done in; after a merge the one that took over
-- content_id: the thread or reply it was done to
-- target_identity_id: whose content that was
-- campaign: campaign it belongs to
-- happened_at: when, UTC
-- happened_on: the local date of that
-- is_automated: done by software, not by the person
-- is_removed: taken back, removed by a moderator, or gone from the source
--
-- slice: event_id
-- slice staging.community_event: event_id
-- slice core.thread: thread_id of staging.community_event
with
repeated as (
    select e.event_id
    from staging.community_event as e
    group by e.event_id
    having count(*) > 1
),

-- Most acts are shown by one record: nothing has to be chosen.
shown_once as (
    select
        e.event_id,
        e.community_id,
        e.identity_id,
        e.event_type,
        e.reaction,
        e.thread_id,
        e.content_id,
        e.target_identity_id,
        e.campaign,
        e.occurred_at,
        e.is_automated,
        case when e.deleted_at is not null then true else e.is_removed end as is_removed
    from staging.community_event as e
    left join repeated as m on m.event_id = e.event_id
    where m.event_id is null
),

observed as (
    select
        e.*,
        case when e.deleted_at is not null then true else e.is_removed end as is_gone,
        row_number() over (
            partition by e.event_id
            order by coalesce(e.deleted_at, e.source_updated_at) nulls first, e.record nulls first
        ) as recency
    from staging.community_event as e
    inner join repeated as m on m.event_id = e.event_id
),

chosen as (
    select
        o.event_id,
        max_by(o.community_id, o.recency) filter (where o.community_id is not null) as community_id,
        max_by(o.identity_id, o.recency) filter (where o.identity_id is not null) as identity_id,
        max_by(o.event_type, o.recency) filter (where o.event_type is not null) as event_type,
        max_by(o.reaction, o.recency) filter (where o.reaction is not null) as reaction,
        max_by(o.thread_id, o.recency) filter (where o.thread_id is not null) as thread_id,
        max_by(o.content_id, o.recency) filter (where o.content_id is not null) as content_id,
        max_by(o.target_identity_id, o.recency)
            filter (where o.target_identity_id is not null) as target_identity_id,
        max_by(o.campaign, o.recency) filter (where o.campaign is not null) as campaign,
        max_by(o.occurred_at, o.recency) filter (where o.occurred_at is not null) as occurred_at,
        max_by(o.is_automated, o.recency) filter (where o.is_automated is not null) as is_automated,
        max_by(o.is_gone, o.recency) filter (where o.is_gone is not null) as is_removed
    from observed as o
    group by o.event_id
),

latest as (
    select * from shown_once
    union all
    select * from chosen
),

merged as (
    select t.thread_id, t.merged_into_thread_id
    from core.thread as t
    where t.merged_into_thread_id is not null
),

final as (
    select
        l.event_id,
        l.community_id,
        l.identity_id,
        l.event_type,
        nullif(split_part(l.event_id, ':', 1), '') as source,
        lower(l.reaction) as reaction,
        coalesce(m.merged_into_thread_id, l.thread_id) as thread_id,
        l.content_id,
        l.target_identity_id,
        l.campaign,
        l.occurred_at as happened_at,
        case
            when l.event_type in ('visit', 'view', 'training_view')
                and cast(cast(l.occurred_at as date) as timestamp) = l.occurred_at
                then cast(l.occurred_at as date)
            else local_date(l.occurred_at)
        end as happened_on,
        coalesce(l.is_automated, false) as is_automated,
        coalesce(l.is_removed, false) as is_removed
    from latest as l
    left join merged as m on m.thread_id = l.thread_id
)

select * from final
