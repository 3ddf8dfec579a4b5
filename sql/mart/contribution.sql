-- One row per thread opened or reply written by a member. Left out: removed,
-- private and system content, replies in removed or private threads, and what
-- people wrote while they were staff or bots. A reply whose thread is unknown
-- stays; so does content without an author, as a count.
--
-- content_id: the thread or the reply
-- kind: thread or reply
-- community_id: where
-- thread_id: the thread it is or stands in
-- identity_id: who wrote it
-- person_id: the human behind that
-- happened_at: when, UTC
-- happened_on: the local date of that
with
threads as (
    select
        t.thread_id as content_id,
        'thread' as kind,
        t.community_id,
        t.thread_id,
        t.author_identity_id as identity_id,
        t.created_at as happened_at,
        t.created_on as happened_on
    from core.thread as t
    where not t.is_removed and not t.is_private and t.created_at is not null
),

replies as (
    select
        r.reply_id as content_id,
        'reply' as kind,
        r.community_id,
        r.thread_id,
        r.author_identity_id as identity_id,
        r.created_at as happened_at,
        r.created_on as happened_on
    from core.thread_reply as r
    left join core.thread as t on t.thread_id = r.thread_id
    where not r.is_removed
        and not r.is_system
        and r.created_at is not null
        and not coalesce(t.is_removed, false)
        and not coalesce(t.is_private, false)
),

written as (
    select * from threads
    union all
    select * from replies
),

-- Roles with open ends closed, so that the join below compares only.
excluded as (
    select
        r.person_id,
        coalesce(r.valid_from, timestamp '0001-01-01 00:00:00') as valid_from,
        coalesce(r.valid_to, timestamp '9999-12-31 00:00:00') as valid_to
    from core.person_role as r
    where r.role in ('staff', 'bot')
),

final as (
    select
        w.content_id,
        w.kind as kind,
        w.community_id,
        w.thread_id,
        w.identity_id,
        p.person_id,
        w.happened_at,
        w.happened_on
    from written as w
    left join core.person_identity as p on p.identity_id = w.identity_id
    left join excluded as x
        on x.person_id = p.person_id and x.valid_from <= w.happened_at and x.valid_to > w.happened_at
    where x.person_id is null
)

select * from final
