-- One row per thread. Each attribute is taken from the record that changed last
-- and states it; ties go to the greater record. A thread whose latest record is
-- gone is removed. Whether it is a question: its category where the community
-- accepts answers in some, else its tags, else the source's default. One thread
-- in which an answer can be accepted makes its whole category one of questions:
-- sources often show it of answered threads only, and those alone would leave
-- no question unanswered.
--
-- thread_id: source:instance:object:id
-- community_id: source:instance
-- author_identity_id: who opened it
-- category: board, channel or category
-- tags: comma-joined
-- created_at: when it was opened, UTC
-- created_on: the local date of that
-- is_question: counts as a question
-- question_basis: why: category, tag or default
-- is_solvable: an answer can be accepted in it
-- is_private: a direct message or a closed group's
-- is_removed: taken down, or gone from the source
with
observed as (
    select
        t.*,
        case when t.deleted_at is not null then true else t.is_removed end as is_gone,
        row_number() over (
            partition by t.thread_id
            order by coalesce(t.deleted_at, t.source_updated_at) nulls first, t.record nulls first
        ) as recency
    from staging.thread as t
),

latest as (
    select
        o.thread_id,
        max_by(o.community_id, o.recency) filter (where o.community_id is not null) as community_id,
        max_by(o.author_identity_id, o.recency)
            filter (where o.author_identity_id is not null) as author_identity_id,
        max_by(o.category, o.recency) filter (where o.category is not null) as category,
        max_by(o.tags, o.recency) filter (where o.tags is not null) as tags,
        max_by(o.created_at, o.recency) filter (where o.created_at is not null) as created_at,
        max_by(o.is_solvable, o.recency) filter (where o.is_solvable is not null) as is_solvable,
        max_by(o.is_private, o.recency) filter (where o.is_private is not null) as is_private,
        max_by(o.is_gone, o.recency) filter (where o.is_gone is not null) as is_removed
    from observed as o
    group by o.thread_id
),

communities as (
    select
        l.community_id,
        nullif(split_part(l.community_id, ':', 1), '') as source,
        coalesce(bool_or(l.is_solvable), false) as has_solvable
    from latest as l
    where l.community_id is not null
    group by l.community_id
),

solvable_category as (
    select distinct l.community_id, l.category
    from latest as l
    where l.is_solvable
        and l.category is not null
),

tagged as (
    select distinct l.thread_id
    from latest as l
    inner join ref.question_tag as q
        on ',' || lower(l.tags) || ',' like '%,' || q.tag || ',%'
),

decided as (
    select
        l.*,
        s.category is not null as is_in_solvable_category,
        case
            when c.has_solvable then 'category'
            when g.thread_id is not null then 'tag'
            else 'default'
        end as question_basis,
        coalesce(d.is_question, param_text('question_default') = 'true') as question_default
    from latest as l
    left join communities as c on c.community_id = l.community_id
    left join solvable_category as s on s.community_id = l.community_id and s.category = l.category
    left join tagged as g on g.thread_id = l.thread_id
    left join ref.question_default as d on d.source = c.source
),

final as (
    select
        d.thread_id,
        d.community_id,
        d.author_identity_id,
        d.category,
        d.tags,
        d.created_at,
        local_date(d.created_at) as created_on,
        case d.question_basis
            when 'category' then coalesce(d.is_solvable, false) or d.is_in_solvable_category
            when 'tag' then true
            else d.question_default
        end as is_question,
        d.question_basis,
        coalesce(d.is_solvable, false) as is_solvable,
        coalesce(d.is_private, false) as is_private,
        coalesce(d.is_removed, false) as is_removed
    from decided as d
)

select * from final
