-- One row per question asked by a member: not removed, not private, not merged
-- into another, and its asker neither staff nor bot nor test person at the time.
-- The first response is the earliest reply after the question by another person
-- who was no bot or test person; staff may respond. Ties go to the smaller
-- reply_id. The accepted answer is the one accepted first of those that hold.
--
-- question_id: the thread
-- community_id: where
-- asker_identity_id: who asked
-- asker_person_id: the human behind that
-- asked_at: when, UTC
-- asked_on: the local date of that
-- question_basis: why the thread counts as a question
-- product_topic: product area it is about
-- campaign: campaign it belongs to
-- first_response_at: when the first response came, UTC; null without one
-- first_responder_identity_id: who gave it
-- is_staff_response: whether that was staff at that time; null without a response
-- hours_to_first_response: elapsed hours; null without a response
-- backlog_until_on: local date of the first response; null while there is none
-- is_solvable: an answer can be accepted in it
-- accepted_at: when its accepted answer was accepted, UTC; null without one
-- accepted_on: the local date of that
-- is_self_accepted: the accepted answer is the asker's own
-- hours_to_accept: elapsed hours; null without one
--
-- slice: question_id
-- slice core.thread: thread_id
-- slice core.answer: thread_id
-- slice mart.content: thread_id, content_id of core.answer.reply_id
with
questions as (
    select
        c.content_id as question_id,
        c.community_id,
        c.identity_id as asker_identity_id,
        c.person_id as asker_person_id,
        c.happened_at as asked_at,
        c.happened_on as asked_on,
        t.question_basis,
        c.product_topic,
        c.campaign,
        t.is_solvable
    from mart.content as c
    inner join core.thread as t on t.thread_id = c.content_id
    where c.kind = 'thread'
        and c.is_eligible
        and c.standing = 'member'
        and c.thread_id = c.content_id
        and t.is_question
),

responses as (
    select
        q.question_id,
        r.content_id as reply_id,
        r.identity_id,
        r.standing,
        r.happened_at,
        r.happened_on
    from questions as q
    inner join mart.content as r on r.thread_id = q.question_id
    where r.kind = 'reply'
        and r.is_eligible
        and r.standing in ('member', 'staff')
        and r.happened_at > q.asked_at
        and r.person_id <> q.asker_person_id
),

earliest as (
    select r.question_id, min(r.happened_at) as happened_at
    from responses as r
    group by r.question_id
),

first_responses as (
    select
        r.question_id,
        r.happened_at as first_response_at,
        min_by(r.identity_id, r.reply_id) as first_responder_identity_id,
        min_by(r.standing = 'staff', r.reply_id) as is_staff_response,
        min(r.happened_on) as first_response_on
    from responses as r
    inner join earliest as e on e.question_id = r.question_id and e.happened_at = r.happened_at
    group by r.question_id, r.happened_at
),

accepted as (
    select
        a.thread_id as question_id,
        min(a.accepted_at) as accepted_at,
        min(a.accepted_on) as accepted_on,
        min_by(coalesce(c.kind = 'reply' and not c.is_to_other, false), a.accepted_at) as is_self_accepted
    from core.answer as a
    left join mart.content as c on c.content_id = a.reply_id
    where a.is_current and not coalesce(c.is_removed, false)
    group by a.thread_id
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
        q.product_topic,
        q.campaign,
        f.first_response_at,
        f.first_responder_identity_id,
        f.is_staff_response,
        hours_between(q.asked_at, f.first_response_at) as hours_to_first_response,
        f.first_response_on as backlog_until_on,
        q.is_solvable,
        a.accepted_at,
        a.accepted_on,
        a.is_self_accepted,
        hours_between(q.asked_at, a.accepted_at) as hours_to_accept
    from questions as q
    left join first_responses as f on f.question_id = q.question_id
    left join accepted as a on a.question_id = q.question_id
)

select * from final
