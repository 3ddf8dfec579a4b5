-- One row per survey.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- survey_id: source:instance:object:id
-- kind: nps, csat, ces, event, community_sat, brand, other
-- survey_mode: relationship, transactional, in_product
-- subject: what it is about, a category
-- gathering_id: the event it asks about
-- community_id: the community it asks about
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as survey_id,
    cast(null as varchar) as kind,
    cast(null as varchar) as survey_mode,
    cast(null as varchar) as subject,
    cast(null as varchar) as gathering_id,
    cast(null as varchar) as community_id,
    cast(null as timestamp) as source_updated_at
where false
