-- One row per survey. Each attribute is taken from the record that changed last
-- and states it; ties go to the greater record.
--
-- survey_id: source:instance:object:id
-- kind: nps, csat, ces, event, community_sat, brand, other
-- survey_mode: relationship, transactional, in_product
-- subject: what it is about, a category
-- gathering_id: the event it asks about
-- community_id: the community it asks about
with
observed as (
    select
        s.*,
        row_number() over (
            partition by s.survey_id
            order by coalesce(s.deleted_at, s.source_updated_at) nulls first, s.record nulls first
        ) as recency
    from staging.survey as s
),

final as (
    select
        o.survey_id,
        max_by(o.kind, o.recency) filter (where o.kind is not null) as kind,
        max_by(o.survey_mode, o.recency) filter (where o.survey_mode is not null) as survey_mode,
        max_by(o.subject, o.recency) filter (where o.subject is not null) as subject,
        max_by(o.gathering_id, o.recency) filter (where o.gathering_id is not null) as gathering_id,
        max_by(o.community_id, o.recency) filter (where o.community_id is not null) as community_id
    from observed as o
    group by o.survey_id
)

select * from final
