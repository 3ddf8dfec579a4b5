-- One row per question of a survey. Each attribute is taken from the record that
-- changed last and states it; ties go to the greater record.
--
-- question_id: source:instance:object:id
-- survey_id: the survey
-- kind: nps, csat, ces, event, community_sat, brand, other; the survey's unless stated
-- scale_min: lowest answer
-- scale_max: highest answer
-- higher_is_better: false where a low answer is good
-- feature: product feature it asks about
with
observed as (
    select
        q.*,
        row_number() over (
            partition by q.question_id
            order by coalesce(q.deleted_at, q.source_updated_at) nulls first, q.record nulls first
        ) as recency
    from staging.survey_question as q
),

latest as (
    select
        o.question_id,
        max_by(o.survey_id, o.recency) filter (where o.survey_id is not null) as survey_id,
        max_by(o.kind, o.recency) filter (where o.kind is not null) as kind,
        max_by(o.scale_min, o.recency) filter (where o.scale_min is not null) as scale_min,
        max_by(o.scale_max, o.recency) filter (where o.scale_max is not null) as scale_max,
        max_by(o.higher_is_better, o.recency)
            filter (where o.higher_is_better is not null) as higher_is_better,
        max_by(o.feature, o.recency) filter (where o.feature is not null) as feature
    from observed as o
    group by o.question_id
),

final as (
    select
        l.question_id,
        l.survey_id,
        coalesce(l.kind, s.kind) as kind,
        l.scale_min,
        l.scale_max,
        coalesce(l.higher_is_better, true) as higher_is_better,
        l.feature
    from latest as l
    left join core.survey as s on s.survey_id = l.survey_id
)

select * from final
