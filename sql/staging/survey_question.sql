-- One row per question of a survey.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- question_id: source:instance:object:id
-- survey_id: the survey
-- kind: as of a survey; null: the survey's
-- scale_min: lowest answer
-- scale_max: highest answer
-- higher_is_better: false where a low answer is good
-- feature: product feature it asks about
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as question_id,
    cast(null as varchar) as survey_id,
    cast(null as varchar) as kind,
    cast(null as double) as scale_min,
    cast(null as double) as scale_max,
    cast(null as boolean) as higher_is_better,
    cast(null as varchar) as feature,
    cast(null as timestamp) as source_updated_at
where false
