-- One row per type of act, source and reaction that occurs, day from which other
-- rules hold, and length from which other rules hold: the rule that decides.
--
-- event_type: type of act
-- source: connector type; null where it is unknown
-- reaction: the source's name for the reaction or vote
-- rules_on: from this local day on, until the next such day
-- min_chars: from this length on, until the next such length
-- tier: -1 to 3
-- is_helpful: such a reaction or vote says that a reply helped
with
sources as (
    select distinct c.source as source from core.community as c
    union
    select distinct g.source as source from core.community_gathering as g
    union
    select distinct nullif(split_part(s.survey_id, ':', 1), '') as source from core.survey as s
),

written as (
    select t.event_type, s.source as source, cast(null as varchar) as reaction
    from sources as s
    cross join (
        values ('thread'), ('reply'), ('reply_helpful'), ('solution'), ('attend'), ('survey')
    ) as t (event_type)
),

occurring as (
    select * from written
    union
    select distinct e.event_type, e.source as source, e.reaction
    from core.community_event as e
),

days as (
    select distinct r.effective_from as rules_on from ref.engagement_rule as r
),

lengths as (
    select distinct r.min_chars from ref.engagement_rule as r
),

candidates as (
    select
        o.event_type,
        o.source as source,
        o.reaction,
        d.rules_on,
        l.min_chars,
        r.tier,
        r.is_helpful_reaction,
        row_number() over (
            partition by o.event_type, o.source, o.reaction, d.rules_on, l.min_chars
            order by
                case when r.reaction is null then 0 else 2 end
                    + case when r.source is null then 0 else 1 end desc nulls last,
                r.effective_from desc nulls last,
                r.origin nulls last,
                r.min_chars desc nulls last,
                r.tier desc nulls last,
                r.is_helpful_reaction desc nulls last
        ) as place
    from occurring as o
    cross join days as d
    cross join lengths as l
    inner join ref.engagement_rule as r
        on r.event_type = o.event_type
        and coalesce(r.source, o.source, '') = coalesce(o.source, '')
        and coalesce(r.reaction, o.reaction, '') = coalesce(o.reaction, '')
        and r.effective_from <= d.rules_on
        and r.min_chars <= l.min_chars
),

final as (
    select
        c.event_type,
        c.source as source,
        c.reaction,
        c.rules_on,
        c.min_chars,
        c.tier,
        c.is_helpful_reaction as is_helpful
    from candidates as c
    where c.place = 1
)

select * from final
