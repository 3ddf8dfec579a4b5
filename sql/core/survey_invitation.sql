-- One row per invitation to a survey. Each attribute is taken from the record
-- that changed last and states it; ties go to the greater record.
--
-- invitation_id: source:instance:object:id
-- survey_id: the survey
-- identity_id: who was asked
-- sent_at: when, UTC
-- sent_on: the local date of that
-- is_bounced: did not arrive
-- channel: email, in_app, sms
with
observed as (
    select
        i.*,
        row_number() over (
            partition by i.invitation_id
            order by coalesce(i.deleted_at, i.source_updated_at) nulls first, i.record nulls first
        ) as recency
    from staging.survey_invitation as i
),

latest as (
    select
        o.invitation_id,
        max_by(o.survey_id, o.recency) filter (where o.survey_id is not null) as survey_id,
        max_by(o.identity_id, o.recency) filter (where o.identity_id is not null) as identity_id,
        max_by(o.sent_at, o.recency) filter (where o.sent_at is not null) as sent_at,
        max_by(o.is_bounced, o.recency) filter (where o.is_bounced is not null) as is_bounced,
        max_by(o.channel, o.recency) filter (where o.channel is not null) as channel
    from observed as o
    group by o.invitation_id
),

final as (
    select
        l.invitation_id,
        l.survey_id,
        l.identity_id,
        l.sent_at,
        local_date(l.sent_at) as sent_on,
        coalesce(l.is_bounced, false) as is_bounced,
        l.channel
    from latest as l
)

select * from final
