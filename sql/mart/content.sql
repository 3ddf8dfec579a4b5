-- One row per thread or reply, with who its author was at that time and whether
-- it counts: not removed, private or written by the software, and neither is
-- its thread. The roles of authors are looked up here and nowhere else.
--
-- content_id: the thread or the reply
-- kind: thread or reply
-- community_id: where; a reply's thread tells where the reply does not
-- thread_id: the thread it is or stands in; after a merge the one that took over
-- identity_id: who wrote it
-- person_id: the human behind that; null without an author
-- standing: what the author was then: member, staff, bot, test; unknown without an author
-- happened_at: when it was written, UTC
-- happened_on: the local date of that
-- char_len: characters of its text; null where the source does not show it
-- product_topic: product area of its thread
-- campaign: campaign of its thread
-- is_to_other: a reply in the thread of somebody else
-- is_removed: taken down itself
-- is_eligible: counts
--
-- slice: content_id
-- slice core.thread_reply: reply_id
-- slice core.thread: thread_id, thread_id of core.thread_reply
with
threads as (
    select
        t.thread_id,
        t.community_id,
        coalesce(t.merged_into_thread_id, t.thread_id) as counted_thread_id,
        t.author_identity_id,
        p.person_id,
        t.created_at,
        t.created_on,
        t.char_len,
        t.product_topic,
        t.campaign,
        t.is_removed,
        t.is_removed or t.is_private as is_closed
    from core.thread as t
    left join core.person_identity as p on p.identity_id = t.author_identity_id
),

written as (
    select
        t.thread_id as content_id,
        'thread' as kind,
        t.community_id,
        t.counted_thread_id as thread_id,
        t.author_identity_id as identity_id,
        t.person_id,
        t.created_at as happened_at,
        t.created_on as happened_on,
        t.char_len,
        t.product_topic,
        t.campaign,
        false as is_to_other,
        t.is_removed,
        not t.is_closed as is_eligible
    from threads as t
    where t.created_at is not null
    union all
    select
        r.reply_id as content_id,
        'reply' as kind,
        coalesce(r.community_id, t.community_id) as community_id,
        r.thread_id,
        r.author_identity_id as identity_id,
        p.person_id,
        r.created_at as happened_at,
        r.created_on as happened_on,
        r.char_len,
        t.product_topic,
        t.campaign,
        t.thread_id is not null and p.person_id is distinct from t.person_id as is_to_other,
        r.is_removed,
        not r.is_removed and not r.is_system and not coalesce(t.is_closed, false) as is_eligible
    from core.thread_reply as r
    left join threads as t on t.thread_id = r.thread_id
    left join core.person_identity as p on p.identity_id = r.author_identity_id
    where r.created_at is not null
),

final as (
    select
        w.content_id,
        w.kind as kind,
        w.community_id,
        w.thread_id,
        w.identity_id,
        w.person_id,
        case when w.person_id is null then 'unknown' else coalesce(s.standing, 'member') end as standing,
        w.happened_at,
        w.happened_on,
        w.char_len,
        w.product_topic,
        w.campaign,
        w.is_to_other,
        w.is_removed,
        w.is_eligible
    from written as w
    left join core.person_standing as s
        on s.person_id = w.person_id and s.valid_from <= w.happened_at and s.valid_to > w.happened_at
)

select * from final
