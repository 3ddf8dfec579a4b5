-- One row per invitation to a survey.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- invitation_id: source:instance:object:id
-- survey_id: the survey
-- identity_id: who was asked
-- sent_at: when
-- is_bounced: did not arrive
-- channel: email, in_app, sms
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as invitation_id,
    cast(null as varchar) as survey_id,
    cast(null as varchar) as identity_id,
    cast(null as timestamp) as sent_at,
    cast(null as boolean) as is_bounced,
    cast(null as varchar) as channel,
    cast(null as timestamp) as source_updated_at
where false
