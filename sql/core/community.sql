-- One row per community that any record belongs to.
--
-- community_id: source:instance
-- source: connector type
-- has_solvable: answers can be accepted in some of its threads
with
seen as (
    select t.community_id, t.is_solvable from staging.thread as t
    union all
    select r.community_id, false as is_solvable from staging.thread_reply as r
    union all
    select m.community_id, false as is_solvable from staging.community_member as m
),

final as (
    select
        s.community_id,
        nullif(split_part(s.community_id, ':', 1), '') as source,
        coalesce(bool_or(s.is_solvable), false) as has_solvable
    from seen as s
    where s.community_id is not null
    group by s.community_id
)

select * from final
