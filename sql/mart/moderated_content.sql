-- One row per thread or reply of a member, removed ones included: what was taken
-- down is what moderation is about. Private content, what software wrote and
-- what stands in a private thread are left out. Flagged content that no record
-- shows (removed before it was read) is a row of its own, dated by its flag.
-- Several flags on one piece count once.
--
-- content_id: the thread or the reply
-- community_id: where
-- identity_id: who wrote it
-- person_id: the human behind that
-- created_on: local date on which it was written
-- is_flagged: somebody flagged it
-- is_upheld: a moderator agreed with a flag
-- first_flagged_at: when it was first flagged, UTC
-- resolved_at: when a moderator first decided on it, UTC
-- hours_to_resolve: elapsed hours from one to the other
--
-- slice: content_id
-- slice mart.content: content_id
-- slice core.moderation_action: content_id
-- slice core.thread: thread_id of mart.content
-- slice core.thread_reply: reply_id
with
flags as (
    select
        m.content_id,
        max(m.community_id) as community_id,
        coalesce(bool_or(m.outcome = 'upheld'), false) as is_upheld,
        min(m.flagged_at) as first_flagged_at,
        min(m.flagged_on) as first_flagged_on,
        min(m.resolved_at) as resolved_at
    from core.moderation_action as m
    where m.content_id is not null
    group by m.content_id
),

private_thread as (
    select t.thread_id from core.thread as t where t.is_private
),

software as (
    select r.reply_id from core.thread_reply as r where r.is_system
),

content as (
    select
        c.content_id,
        c.community_id,
        c.identity_id,
        c.person_id,
        c.happened_on as created_on
    from mart.content as c
    left join private_thread as t on t.thread_id = c.thread_id
    left join software as s on s.reply_id = c.content_id
    where c.standing in ('member', 'unknown')
        and t.thread_id is null
        and s.reply_id is null
),

unseen as (
    select f.content_id, f.community_id, f.first_flagged_on as created_on
    from flags as f
    left join mart.content as c on c.content_id = f.content_id
    where c.content_id is null and f.first_flagged_on is not null
),

items as (
    select * from content
    union all
    select
        u.content_id,
        u.community_id,
        cast(null as varchar) as identity_id,
        cast(null as varchar) as person_id,
        u.created_on
    from unseen as u
),

final as (
    select
        i.content_id,
        i.community_id,
        i.identity_id,
        i.person_id,
        i.created_on,
        f.content_id is not null as is_flagged,
        coalesce(f.is_upheld, false) as is_upheld,
        f.first_flagged_at,
        f.resolved_at,
        hours_between(f.first_flagged_at, f.resolved_at) as hours_to_resolve
    from items as i
    left join flags as f on f.content_id = i.content_id
)

select * from final
