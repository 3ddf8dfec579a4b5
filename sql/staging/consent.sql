-- One row per answer of a login to what its data may be used for.
-- role: enriching
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- identity_id: source:instance:user
-- purpose: identity_matching, survey_linking, marketing
-- status: granted (also where another basis than consent is on record), refused, withdrawn
-- lawful_basis: consent, contract, legitimate_interest, as the source has it
-- recorded_at: when it was answered
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as identity_id,
    cast(null as varchar) as purpose,
    cast(null as varchar) as status,
    cast(null as varchar) as lawful_basis,
    cast(null as timestamp) as recorded_at,
    cast(null as timestamp) as source_updated_at
where false
