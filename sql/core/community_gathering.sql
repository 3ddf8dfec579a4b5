-- One row per event that people register for or attend. Each attribute is taken
-- from the record that changed last and states it; ties go to the greater
-- record. An event whose latest record is gone is called off.
--
-- gathering_id: source:instance:object:id
-- community_id: the community it belongs to, if any
-- source: connector type
-- kind: webinar, meetup, office_hours, training, research
-- event_series: series it belongs to
-- campaign: campaign it belongs to
-- starts_at: when it starts, UTC
-- starts_on: the local date of that
-- ends_at: when it ends, UTC
-- capacity: places
-- reports_attendance: its source says who came: stated, else any attendance is known
-- is_cancelled: called off
with
observed as (
    select
        g.*,
        case when g.deleted_at is not null then true else g.is_cancelled end as is_off,
        row_number() over (
            partition by g.gathering_id
            order by coalesce(g.deleted_at, g.source_updated_at) nulls first, g.record nulls first
        ) as recency
    from staging.community_gathering as g
),

latest as (
    select
        o.gathering_id,
        max_by(o.community_id, o.recency) filter (where o.community_id is not null) as community_id,
        max_by(o.kind, o.recency) filter (where o.kind is not null) as kind,
        max_by(o.event_series, o.recency) filter (where o.event_series is not null) as event_series,
        max_by(o.campaign, o.recency) filter (where o.campaign is not null) as campaign,
        max_by(o.starts_at, o.recency) filter (where o.starts_at is not null) as starts_at,
        max_by(o.ends_at, o.recency) filter (where o.ends_at is not null) as ends_at,
        max_by(o.capacity, o.recency) filter (where o.capacity is not null) as capacity,
        max_by(o.reports_attendance, o.recency)
            filter (where o.reports_attendance is not null) as reports_attendance,
        max_by(o.is_off, o.recency) filter (where o.is_off is not null) as is_cancelled
    from observed as o
    group by o.gathering_id
),

attended as (
    select distinct a.gathering_id
    from staging.event_attendance as a
    where a.deleted_at is null
        and (a.first_joined_at is not null or a.minutes_attended > 0 or a.checked_in)
),

final as (
    select
        l.gathering_id,
        l.community_id,
        nullif(split_part(l.gathering_id, ':', 1), '') as source,
        l.kind as kind,
        l.event_series,
        l.campaign,
        l.starts_at,
        local_date(l.starts_at) as starts_on,
        l.ends_at,
        l.capacity,
        coalesce(l.reports_attendance, a.gathering_id is not null) as reports_attendance,
        coalesce(l.is_cancelled, false) as is_cancelled
    from latest as l
    left join attended as a on a.gathering_id = l.gathering_id
)

select * from final
