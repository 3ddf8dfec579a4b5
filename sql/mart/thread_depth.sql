-- One row per thread started by a member: not removed, not private, not merged
-- into another. Replies within depth_window_days count, the author's own and
-- staff's too, those of bots and test people not.
--
-- thread_id: the thread
-- community_id: where
-- identity_id: who opened it
-- person_id: the human behind that
-- created_on: local date on which it was opened
-- is_question: counts as a question
-- product_topic: product area it is about
-- campaign: campaign it belongs to
-- replies_14d: replies within the window
-- participants_14d: people who wrote in it within the window, the author among them
--
-- slice: thread_id
-- slice core.thread: thread_id
-- slice mart.content: thread_id
with
threads as (
    select
        c.content_id as thread_id,
        c.community_id,
        c.identity_id,
        c.person_id,
        c.happened_at as created_at,
        c.happened_on as created_on,
        t.is_question,
        c.product_topic,
        c.campaign
    from mart.content as c
    inner join core.thread as t on t.thread_id = c.content_id
    where c.kind = 'thread'
        and c.is_eligible
        and c.standing = 'member'
        and c.thread_id = c.content_id
),

-- One row per thread and person who replied; replies without an author are one.
writers as (
    select
        r.thread_id,
        r.person_id,
        count(*) as replies
    from mart.content as r
    inner join threads as t on t.thread_id = r.thread_id
    where r.kind = 'reply'
        and r.is_eligible
        and r.standing in ('member', 'staff', 'unknown')
        and r.happened_at >= t.created_at
        and hours_between(t.created_at, r.happened_at) < 24 * param('depth_window_days')
    group by r.thread_id, r.person_id
),

counted as (
    select
        t.thread_id,
        cast(sum(w.replies) as bigint) as replies,
        count(*) filter (where w.person_id is distinct from t.person_id) as others
    from threads as t
    inner join writers as w on w.thread_id = t.thread_id
    group by t.thread_id
),

final as (
    select
        t.thread_id,
        t.community_id,
        t.identity_id,
        t.person_id,
        t.created_on,
        t.is_question,
        t.product_topic,
        t.campaign,
        coalesce(c.replies, 0) as replies_14d,
        1 + coalesce(c.others, 0) as participants_14d
    from threads as t
    left join counted as c on c.thread_id = t.thread_id
)

select * from final
