-- One row per question asked by a member: not removed, not private, and its
-- asker neither staff nor bot at the time. The first response is the earliest
-- reply after the question by another person who was no bot; staff may respond.
-- Ties go to the smaller reply_id.
--
-- question_id: the thread
-- community_id: where
-- asker_identity_id: who asked
-- asker_person_id: the human behind that
-- asked_at: when, UTC
-- asked_on: the local date of that
-- question_basis: why the thread counts as a question
-- first_response_at: when the first response came, UTC; null without one
-- first_responder_identity_id: who gave it
-- is_staff_response: whether that was staff
-- hours_to_first_response: elapsed hours; null without a response
with
-- Roles with open ends closed, so that the joins below compare only.
roles as (
    select
        r.person_id,
        r.role as role,
        coalesce(r.valid_from, timestamp '0001-01-01 00:00:00') as valid_from,
        coalesce(r.valid_to, timestamp '9999-12-31 00:00:00') as valid_to
    from core.person_role as r
    where r.role in ('staff', 'bot')
),

questions as (
    select
        t.thread_id as question_id,
        t.community_id,
        t.author_identity_id as asker_identity_id,
        p.person_id as asker_person_id,
        t.created_at as asked_at,
        t.created_on as asked_on,
        t.question_basis
    from core.thread as t
    inner join core.person_identity as p on p.identity_id = t.author_identity_id
    left join roles as x
        on x.person_id = p.person_id and x.valid_from <= t.created_at and x.valid_to > t.created_at
    where t.is_question
        and not t.is_removed
        and not t.is_private
        and t.created_at is not null
        and x.person_id is null
),

responses as (
    select
        q.question_id,
        r.created_at as first_response_at,
        r.author_identity_id as first_responder_identity_id,
        p.person_id as responder_person_id,
        row_number() over (
            partition by q.question_id
            order by r.created_at nulls last, r.reply_id nulls last
        ) as place
    from questions as q
    inner join core.thread_reply as r on r.thread_id = q.question_id
    inner join core.person_identity as p on p.identity_id = r.author_identity_id
    left join roles as x
        on x.role = 'bot' and x.person_id = p.person_id
        and x.valid_from <= r.created_at and x.valid_to > r.created_at
    where not r.is_removed
        and not r.is_system
        and r.created_at > q.asked_at
        and p.person_id <> q.asker_person_id
        and x.person_id is null
),

first_responses as (
    select
        r.question_id,
        r.first_response_at,
        r.first_responder_identity_id,
        count(x.person_id) > 0 as is_staff_response
    from responses as r
    left join roles as x
        on x.role = 'staff' and x.person_id = r.responder_person_id
        and x.valid_from <= r.first_response_at and x.valid_to > r.first_response_at
    where r.place = 1
    group by r.question_id, r.first_response_at, r.first_responder_identity_id
),

final as (
    select
        q.question_id,
        q.community_id,
        q.asker_identity_id,
        q.asker_person_id,
        q.asked_at,
        q.asked_on,
        q.question_basis,
        f.first_response_at,
        f.first_responder_identity_id,
        f.is_staff_response,
        hours_between(q.asked_at, f.first_response_at) as hours_to_first_response
    from questions as q
    left join first_responses as f on f.question_id = q.question_id
)

select * from final
