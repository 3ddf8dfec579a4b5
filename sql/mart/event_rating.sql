-- One row per rating of an event that counts: the last valid answer of each
-- person about it, given in time (mart.survey_score). Left out are people who
-- registered and did not come where the event's source says who came, and its
-- hosts. An answer whose sender the event tool does not know counts: surveys
-- are often anonymous.
--
-- response_id: the submission
-- gathering_id: the event
-- starts_on: local date on which the event started
-- event_series: series of that
-- identity_id: who answered
-- person_id: the human behind that
-- score_1_5: the rating from 1 to 5, 5 the best
with
hosts as (
    select distinct
        a.gathering_id,
        coalesce(p.person_id, a.identity_id) as host
    from core.event_attendance as a
    left join core.person_identity as p on p.identity_id = a.identity_id
    where a.is_host
),

absentees as (
    select
        e.gathering_id,
        coalesce(e.person_id, e.identity_id) as absentee
    from mart.event_participation as e
    where e.is_registered and not e.is_attended
),

ratings as (
    select
        s.*,
        coalesce(s.person_id, s.identity_id) as respondent
    from mart.survey_score as s
    where s.kind = 'event'
        and s.is_latest
        and s.gathering_on is not null
),

final as (
    select
        r.response_id,
        r.gathering_id,
        r.gathering_on as starts_on,
        r.event_series,
        r.identity_id,
        r.person_id,
        r.score_1_5
    from ratings as r
    left join hosts as h on h.gathering_id = r.gathering_id and h.host = r.respondent
    left join absentees as a on a.gathering_id = r.gathering_id and a.absentee = r.respondent
    where h.host is null and a.absentee is null
)

select * from final
