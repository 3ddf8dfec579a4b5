-- One row per event and login: registrations joined and visits summed. Each
-- registration or visit is taken from the record that changed last, ties to the
-- greater record; those whose record is gone are left out. A registration was
-- taken back once every one of the login was.
--
-- gathering_id: the event
-- identity_id: source:instance:user
-- registered_at: when first registered, UTC; null for a walk-in
-- cancelled_at: when the last registration was taken back, UTC
-- first_joined_at: when the first visit began, UTC
-- last_left_at: when the last one ended, UTC
-- minutes_attended: minutes of all visits; where the source gives none, from coming to leaving
-- checked_in: was checked in
-- is_host: host, speaker or panellist
with
observed as (
    select
        a.*,
        row_number() over (
            partition by a.attendance_id
            order by coalesce(a.deleted_at, a.source_updated_at) desc nulls last, a.record desc nulls last
        ) as place
    from staging.event_attendance as a
),

visits as (
    select
        o.*,
        coalesce(
            o.minutes_attended, 60 * hours_between(o.first_joined_at, o.last_left_at)
        ) as minutes
    from observed as o
    where o.place = 1 and o.deleted_at is null
),

final as (
    select
        v.gathering_id,
        v.identity_id,
        min(v.registered_at) as registered_at,
        case
            when bool_or(v.registered_at is not null and v.cancelled_at is null) then null
            else max(v.cancelled_at)
        end as cancelled_at,
        min(v.first_joined_at) as first_joined_at,
        max(v.last_left_at) as last_left_at,
        sum(v.minutes) as minutes_attended,
        coalesce(bool_or(v.checked_in), false) as checked_in,
        coalesce(bool_or(v.is_host), false) as is_host
    from visits as v
    where v.gathering_id is not null and v.identity_id is not null
    group by v.gathering_id, v.identity_id
)

select * from final
