-- One row per answer on a scale. The score is put on 0 to 1 with more always
-- better, so that scales compare. Valid are finished answers on a known scale
-- (of an NPS question from 0 to 10 only) by people who were neither staff nor bots
-- nor test people; those about an event within event_response_days of its end.
--
-- response_id: the submission
-- question_id: the question
-- survey_id: the survey
-- kind: nps, csat, ces, event, community_sat, brand, other
-- survey_mode: relationship, transactional, in_product
-- subject: what it is about, a category
-- feature: product feature it asks about
-- gathering_id: the event it rates
-- gathering_on: local date on which that started
-- event_series: series of that
-- community_id: the community it asks about
-- identity_id: who answered
-- person_id: the human behind that
-- responded_at: when, UTC
-- responded_on: the local date of that
-- score_raw: the answer on the question's own scale
-- score_01: the answer from 0 to 1, more is better
-- score_1_5: the same from 1 to 5
-- is_top: at or above top_scale_share of the scale
-- is_valid: counts
-- is_latest: the last valid answer of its kind by this respondent about this event or survey; ties go to the smaller response, then question
-- is_member: the respondent was a member of a community that day
with
scored as (
    select
        r.response_id,
        r.question_id,
        coalesce(r.survey_id, q.survey_id) as survey_id,
        coalesce(q.kind, v.kind) as kind,
        v.survey_mode,
        v.subject,
        q.feature,
        coalesce(r.gathering_id, v.gathering_id) as gathering_id,
        v.community_id as survey_community_id,
        r.identity_id,
        p.person_id,
        r.responded_at,
        r.responded_on,
        r.score_raw,
        r.is_complete,
        q.scale_min,
        q.scale_max,
        q.higher_is_better
    from core.survey_response as r
    left join core.survey_question as q on q.question_id = r.question_id
    left join core.survey as v on v.survey_id = coalesce(r.survey_id, q.survey_id)
    left join core.person_identity as p on p.identity_id = r.identity_id
    where r.score_raw is not null and r.responded_at is not null
),

rescaled as (
    select
        s.*,
        g.starts_on as gathering_on,
        g.event_series,
        coalesce(s.survey_community_id, g.community_id) as community_id,
        case
            when s.higher_is_better then safe_div(s.score_raw - s.scale_min, s.scale_max - s.scale_min)
            else safe_div(s.scale_max - s.score_raw, s.scale_max - s.scale_min)
        end as score_01,
        s.is_complete
            and x.person_id is null
            and coalesce(s.scale_max > s.scale_min, false)
            and coalesce(s.score_raw >= s.scale_min and s.score_raw <= s.scale_max, false)
            and not coalesce(s.kind = 'nps' and not (s.scale_min = 0 and s.scale_max = 10), false)
            and not coalesce(
                s.kind = 'event'
                and hours_between(coalesce(g.ends_at, g.starts_at), s.responded_at) >= 24 * param('event_response_days'),
                false
            ) as is_valid
    from scored as s
    left join core.community_gathering as g on g.gathering_id = s.gathering_id
    left join core.person_standing as x
        on x.person_id = s.person_id and x.valid_from <= s.responded_at and x.valid_to > s.responded_at
),

member_answers as (
    select distinct s.response_id, s.question_id
    from rescaled as s
    inner join mart.membership as m on m.person_id = s.person_id
    where m.from_on <= s.responded_on and coalesce(m.until_on, date '9999-12-31') > s.responded_on
),

placed as (
    select
        s.*,
        row_number() over (
            partition by
                s.kind, coalesce(s.person_id, s.identity_id, s.response_id),
                coalesce(s.gathering_id, s.survey_id, ''), s.is_valid
            order by s.responded_at desc nulls last, s.response_id nulls last, s.question_id nulls last
        ) as place
    from rescaled as s
),

final as (
    select
        s.response_id,
        s.question_id,
        s.survey_id,
        s.kind as kind,
        s.survey_mode,
        s.subject,
        s.feature,
        s.gathering_id,
        s.gathering_on,
        s.event_series,
        s.community_id,
        s.identity_id,
        s.person_id,
        s.responded_at,
        s.responded_on,
        s.score_raw,
        s.score_01,
        1 + 4 * s.score_01 as score_1_5,
        coalesce(s.score_01 >= param('top_scale_share') - 1e-9, false) as is_top,
        s.is_valid,
        s.is_valid and s.place = 1 as is_latest,
        m.response_id is not null as is_member
    from placed as s
    left join member_answers as m
        on m.response_id = s.response_id and m.question_id is not distinct from s.question_id
)

select * from final
