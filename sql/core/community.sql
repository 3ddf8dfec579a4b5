-- One row per community that any record belongs to.
--
-- community_id: source:instance
-- source: connector type
-- source_instance: configured instance
with
seen as (
    select t.community_id from core.thread as t
    union
    select r.community_id from core.thread_reply as r
    union
    select m.community_id from core.community_member as m
),

final as (
    select
        s.community_id,
        nullif(split_part(s.community_id, ':', 1), '') as source,
        nullif(split_part(s.community_id, ':', 2), '') as source_instance
    from seen as s
    where s.community_id is not null
)

select * from final
