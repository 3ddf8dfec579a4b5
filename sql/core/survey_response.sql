-- One row per answer to one question of a survey. Each attribute is taken from
-- the record that changed last and states it; ties go to the greater record. An
-- answer whose latest record is gone is left out.
--
-- response_id: source:instance:object:id, one per submission
-- question_id: the question
-- survey_id: the survey
-- identity_id: who answered
-- org_id: the company the answer was given for
-- ticket_id: the ticket it rates
-- gathering_id: the event it rates
-- responded_at: when, UTC
-- responded_on: the local date of that
-- score_raw: the answer on the question's own scale
-- label_raw: the chosen label
-- is_complete: the submission was finished
with
observed as (
    select
        r.*,
        coalesce(r.question_id, '') as question_key,
        row_number() over (
            partition by r.response_id, coalesce(r.question_id, '')
            order by coalesce(r.deleted_at, r.source_updated_at) nulls first, r.record nulls first
        ) as recency
    from staging.survey_response as r
),

latest as (
    select
        o.response_id,
        nullif(o.question_key, '') as question_id,
        max_by(o.survey_id, o.recency) filter (where o.survey_id is not null) as survey_id,
        max_by(o.identity_id, o.recency) filter (where o.identity_id is not null) as identity_id,
        max_by(o.org_id, o.recency) filter (where o.org_id is not null) as org_id,
        max_by(o.ticket_id, o.recency) filter (where o.ticket_id is not null) as ticket_id,
        max_by(o.gathering_id, o.recency) filter (where o.gathering_id is not null) as gathering_id,
        max_by(o.responded_at, o.recency) filter (where o.responded_at is not null) as responded_at,
        max_by(o.score_raw, o.recency) filter (where o.score_raw is not null) as score_raw,
        max_by(o.label_raw, o.recency) filter (where o.label_raw is not null) as label_raw,
        max_by(o.is_complete, o.recency) filter (where o.is_complete is not null) as is_complete,
        max_by(o.deleted_at is not null, o.recency) as is_gone
    from observed as o
    group by o.response_id, o.question_key
),

final as (
    select
        l.response_id,
        l.question_id,
        l.survey_id,
        l.identity_id,
        l.org_id,
        l.ticket_id,
        l.gathering_id,
        l.responded_at,
        local_date(l.responded_at) as responded_on,
        l.score_raw,
        l.label_raw,
        coalesce(l.is_complete, true) as is_complete
    from latest as l
    where not l.is_gone
)

select * from final
