-- One row per flag, report or review of one piece of content. Each attribute is
-- taken from the record that changed last and states it; ties go to the greater
-- record. A flag whose record is gone stays: that it was raised is what counts.
--
-- action_id: source:instance:object:id
-- community_id: source:instance
-- content_id: the thread or reply
-- reason: the source's word: spam, off_topic, inappropriate
-- flagged_at: when it was flagged, UTC
-- flagged_on: the local date of that
-- resolved_at: when a moderator decided, UTC
-- outcome: upheld, rejected, ignored, pending
with
observed as (
    select
        m.*,
        row_number() over (
            partition by m.action_id
            order by coalesce(m.deleted_at, m.source_updated_at) nulls first, m.record nulls first
        ) as recency
    from staging.moderation_action as m
),

latest as (
    select
        o.action_id,
        max_by(o.community_id, o.recency) filter (where o.community_id is not null) as community_id,
        max_by(o.content_id, o.recency) filter (where o.content_id is not null) as content_id,
        max_by(o.reason, o.recency) filter (where o.reason is not null) as reason,
        max_by(o.flagged_at, o.recency) filter (where o.flagged_at is not null) as flagged_at,
        max_by(o.resolved_at, o.recency) filter (where o.resolved_at is not null) as resolved_at,
        max_by(o.outcome, o.recency) filter (where o.outcome is not null) as outcome
    from observed as o
    group by o.action_id
),

final as (
    select
        l.action_id,
        l.community_id,
        l.content_id,
        l.reason,
        l.flagged_at,
        local_date(l.flagged_at) as flagged_on,
        l.resolved_at,
        l.outcome
    from latest as l
)

select * from final
