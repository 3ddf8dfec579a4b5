-- One row per thread. Each attribute is taken from the record that changed last
-- and states it; ties go to the greater record. A thread whose latest record is
-- gone is removed. Whether it is a question: the configured categories, then
-- its category where the community accepts answers in some, then its tags, then
-- the source's default. One thread in which an answer can be accepted makes its
-- whole category one of questions: sources often show it of answered threads
-- only, and those alone would leave no question unanswered. A merge names the
-- last thread of its chain; one into an unknown thread, or in a circle, is none.
--
-- thread_id: source:instance:object:id
-- community_id: source:instance
-- author_identity_id: who opened it
-- category: board, channel or category
-- tags: comma-joined
-- created_at: when it was opened, UTC
-- created_on: the local date of that
-- char_len: characters of its opening text; null where the source does not show it
-- is_question: counts as a question
-- question_basis: why: category, tag or default
-- is_solvable: an answer can be accepted in it
-- product_topic: product area it is about, where somebody labelled it
-- campaign: campaign it belongs to
-- merged_into_thread_id: the thread that took over its replies
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
        max_by(o.char_len, o.recency) filter (where o.char_len is not null) as char_len,
        max_by(o.is_solvable, o.recency) filter (where o.is_solvable is not null) as is_solvable,
        max_by(o.product_topic, o.recency) filter (where o.product_topic is not null) as product_topic,
        max_by(o.campaign, o.recency) filter (where o.campaign is not null) as campaign,
        max_by(o.merged_into_thread_id, o.recency)
            filter (where o.merged_into_thread_id is not null) as merged_into_thread_id,
        max_by(o.is_private, o.recency) filter (where o.is_private is not null) as is_private,
        max_by(o.is_gone, o.recency) filter (where o.is_gone is not null) as is_removed
    from observed as o
    group by o.thread_id
),

merges as (
    select l.thread_id, l.merged_into_thread_id as into_id
    from latest as l
    inner join latest as k on k.thread_id = l.merged_into_thread_id
    where l.merged_into_thread_id <> l.thread_id
),

-- Each step doubles how far a chain is followed: after three, eight merges.
merges_2 as (
    select a.thread_id, coalesce(b.into_id, a.into_id) as into_id
    from merges as a
    left join merges as b on b.thread_id = a.into_id
),

merges_4 as (
    select a.thread_id, coalesce(b.into_id, a.into_id) as into_id
    from merges_2 as a
    left join merges_2 as b on b.thread_id = a.into_id
),

merges_8 as (
    select a.thread_id, coalesce(b.into_id, a.into_id) as into_id
    from merges_4 as a
    left join merges_4 as b on b.thread_id = a.into_id
),

merged as (
    select m.thread_id, m.into_id
    from merges_8 as m
    left join merges as more on more.thread_id = m.into_id
    where more.thread_id is null
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

configured_category as (
    select distinct l.community_id, l.category
    from latest as l
    inner join communities as c on c.community_id = l.community_id
    inner join ref.question_category as q
        on q.category = lower(l.category) and coalesce(q.source, c.source) = c.source
),

tagged as (
    select l.thread_id, bool_or(q.is_configured) as is_configured
    from latest as l
    left join communities as c on c.community_id = l.community_id
    inner join ref.question_tag as q
        on ',' || lower(l.tags) || ',' like '%,' || q.tag || ',%'
        and (q.source is null or q.source = c.source)
    where l.tags is not null
    group by l.thread_id
),

defaults as (
    select
        c.community_id,
        coalesce(own.is_question, other.is_question, param_text('question_default') = 'true') as is_question
    from communities as c
    left join ref.question_default as own on own.source = c.source
    left join ref.question_default as other on other.source is null
),

decided as (
    select
        l.*,
        s.category is not null as is_in_solvable_category,
        k.category is not null as is_in_configured_category,
        case
            when k.category is not null then 'category'
            when g.is_configured then 'tag'
            when c.has_solvable then 'category'
            when g.thread_id is not null then 'tag'
            else 'default'
        end as question_basis,
        coalesce(d.is_question, param_text('question_default') = 'true') as question_default
    from latest as l
    left join communities as c on c.community_id = l.community_id
    left join solvable_category as s on s.community_id = l.community_id and s.category = l.category
    left join configured_category as k on k.community_id = l.community_id and k.category = l.category
    left join tagged as g on g.thread_id = l.thread_id
    left join defaults as d on d.community_id = l.community_id
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
        d.char_len,
        case d.question_basis
            when 'category' then coalesce(d.is_solvable, false) or d.is_in_solvable_category or d.is_in_configured_category
            when 'tag' then true
            else d.question_default
        end as is_question,
        d.question_basis,
        coalesce(d.is_solvable, false) or d.is_in_solvable_category as is_solvable,
        d.product_topic,
        d.campaign,
        m.into_id as merged_into_thread_id,
        coalesce(d.is_private, false) as is_private,
        coalesce(d.is_removed, false) as is_removed
    from decided as d
    left join merged as m on m.thread_id = d.thread_id
)

select * from final
