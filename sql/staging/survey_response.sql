-- One row per answer to one question of a survey.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- response_id: source:instance:object:id, one per submission
-- question_id: the question
-- survey_id: the survey
-- identity_id: who answered; a keyed hash where the source has no user id
-- org_id: the company the answer was given for
-- ticket_id: the ticket it rates
-- gathering_id: the event it rates
-- responded_at: when
-- score_raw: the answer on the question's own scale
-- label_raw: the chosen label
-- text_raw: free text; clear, stays in the lake
-- is_complete: the submission was finished
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as response_id,
    cast(null as varchar) as question_id,
    cast(null as varchar) as survey_id,
    cast(null as varchar) as identity_id,
    cast(null as varchar) as org_id,
    cast(null as varchar) as ticket_id,
    cast(null as varchar) as gathering_id,
    cast(null as timestamp) as responded_at,
    cast(null as double) as score_raw,
    cast(null as varchar) as label_raw,
    cast(null as varchar) as text_raw,
    cast(null as boolean) as is_complete,
    cast(null as timestamp) as source_updated_at
where false
