-- One row per reply. Each attribute is taken from the record that changed last
-- and states it; ties go to the greater record. A reply whose latest record is
-- gone is removed. A reply of a thread that was merged into another stands in
-- the other.
--
-- reply_id: source:instance:object:id
-- thread_id: the thread it stands in
-- community_id: source:instance
-- author_identity_id: who wrote it
-- parent_reply_id: the reply it answers, where replies nest
-- created_at: when it was written, UTC
-- created_on: the local date of that
-- char_len: characters of its text
-- is_system: written by the software
-- is_removed: taken down, or gone from the source
--
-- slice: reply_id
-- slice staging.thread_reply: reply_id
-- slice core.thread: thread_id of staging.thread_reply
with
repeated as (
    select r.reply_id
    from staging.thread_reply as r
    group by r.reply_id
    having count(*) > 1
),

-- Most replies are shown by one record: nothing has to be chosen.
shown_once as (
    select
        r.reply_id,
        r.thread_id,
        r.community_id,
        r.author_identity_id,
        r.parent_reply_id,
        r.created_at,
        r.char_len,
        r.is_system,
        case when r.deleted_at is not null then true else r.is_removed end as is_removed
    from staging.thread_reply as r
    left join repeated as m on m.reply_id = r.reply_id
    where m.reply_id is null
),

observed as (
    select
        r.*,
        case when r.deleted_at is not null then true else r.is_removed end as is_gone,
        row_number() over (
            partition by r.reply_id
            order by coalesce(r.deleted_at, r.source_updated_at) nulls first, r.record nulls first
        ) as recency
    from staging.thread_reply as r
    inner join repeated as m on m.reply_id = r.reply_id
),

chosen as (
    select
        o.reply_id,
        max_by(o.thread_id, o.recency) filter (where o.thread_id is not null) as thread_id,
        max_by(o.community_id, o.recency) filter (where o.community_id is not null) as community_id,
        max_by(o.author_identity_id, o.recency)
            filter (where o.author_identity_id is not null) as author_identity_id,
        max_by(o.parent_reply_id, o.recency)
            filter (where o.parent_reply_id is not null) as parent_reply_id,
        max_by(o.created_at, o.recency) filter (where o.created_at is not null) as created_at,
        max_by(o.char_len, o.recency) filter (where o.char_len is not null) as char_len,
        max_by(o.is_system, o.recency) filter (where o.is_system is not null) as is_system,
        max_by(o.is_gone, o.recency) filter (where o.is_gone is not null) as is_removed
    from observed as o
    group by o.reply_id
),

latest as (
    select * from shown_once
    union all
    select * from chosen
),

merged as (
    select t.thread_id, t.merged_into_thread_id
    from core.thread as t
    where t.merged_into_thread_id is not null
),

final as (
    select
        l.reply_id,
        coalesce(m.merged_into_thread_id, l.thread_id) as thread_id,
        l.community_id,
        l.author_identity_id,
        l.parent_reply_id,
        l.created_at,
        local_date(l.created_at) as created_on,
        l.char_len,
        coalesce(l.is_system, false) as is_system,
        coalesce(l.is_removed, false) as is_removed
    from latest as l
    left join merged as m on m.thread_id = l.thread_id
)

select * from final
