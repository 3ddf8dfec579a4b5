-- One row per act of a member: threads, replies, reactions, visits, joining,
-- events attended, surveys answered and so on. Left out: removed and private content
-- and what was done to it, what software did, and what people did while they
-- were staff, bots or test people. A reply whose thread is unknown stays; so does
-- content without an author, as a count. The tier is by the rule in force on the
-- act's own day. A reply that got a helpful vote within helpful_window_days, or
-- that was accepted as the answer to somebody else, goes by the rule of that.
-- Every membership was joined once: where the source tells of that itself (an act
-- join of the login within a day of the membership's date), by what it tells.
-- Who was brought in by an import did nothing.
--
-- event_id: the act; of content the thread's or reply's own id, of a membership join: and its id
-- event_type: thread, reply, reaction, vote, bookmark, share, visit, view, join, attend, survey, feedback and so on
-- community_id: where; null for events and surveys of no community
-- identity_id: who acted
-- person_id: the human behind that
-- thread_id: the thread it is, stands in or was done in
-- content_id: the content it is or was done to, the event attended, the survey answered
-- product_topic: product area of its thread
-- campaign: campaign it belongs to
-- happened_at: when, UTC
-- happened_on: the local date of that
-- tier: 0 passive, 1 light, 2 meaningful, 3 high
-- source: connector type
--
-- slice: event_id
-- slice core.community_event: event_id, identity_id of core.community_member
-- slice core.community_member: 'join:' || member_id
-- slice mart.content: content_id, content_id of core.community_event
-- slice core.thread: thread_id of core.community_event
-- slice mart.helpful_vote: reply_id
-- slice core.answer: reply_id
-- slice mart.event_participation: 'attend:' || gathering_id || ':' || identity_id
-- slice core.survey_response: response_id
-- slice ref.calendar: date_day of core.community_event.happened_on, date_day of mart.content.happened_on, date_day of core.community_member.joined_on
-- apart: closed_thread, closed_content, unseen, labelled
with
tiers as (
    select
        t.event_type,
        coalesce(t.source, '') as source,
        coalesce(t.reaction, '') as reaction,
        t.rules_on,
        t.min_chars,
        t.tier
    from mart.engagement_tier as t
),

rules as (
    select c.date_day, max(d.rules_on) as rules_on
    from ref.calendar as c
    inner join (select distinct t.rules_on from tiers as t) as d on d.rules_on <= c.date_day
    group by c.date_day
),

-- Content whose length is unknown counts as long enough.
lengths as (
    select c.char_len, max(l.min_chars) as min_chars
    from (select distinct coalesce(c.char_len, 1000000000) as char_len from mart.content as c) as c
    inner join (select distinct t.min_chars from tiers as t) as l on l.min_chars <= c.char_len
    group by c.char_len
),

helped as (
    select v.reply_id, true as is_helpful
    from mart.helpful_vote as v
    where v.hours_after >= 0 and v.hours_after < 24 * param('helpful_window_days')
    group by v.reply_id
),

solved as (
    select distinct a.reply_id
    from core.answer as a
    where a.is_current
),

content as (
    select
        c.content_id as event_id,
        case
            when c.kind = 'reply' and c.is_to_other and s.reply_id is not null then 'solution'
            when c.kind = 'reply' and h.reply_id is not null then 'reply_helpful'
            else c.kind
        end as rule_type,
        c.kind as event_type,
        c.community_id,
        c.identity_id,
        c.person_id,
        c.thread_id,
        c.content_id,
        c.product_topic,
        c.campaign,
        c.happened_at,
        c.happened_on,
        coalesce(nullif(split_part(c.content_id, ':', 1), ''), '') as source,
        '' as reaction,
        l.min_chars
    from mart.content as c
    left join lengths as l on l.char_len = coalesce(c.char_len, 1000000000)
    left join helped as h on h.reply_id = c.content_id
    left join solved as s on s.reply_id = c.content_id
    where c.is_eligible and c.standing in ('member', 'unknown')
),

closed_thread as (
    select t.thread_id
    from core.thread as t
    where t.is_removed or t.is_private
),

closed_content as (
    select c.content_id
    from mart.content as c
    where not c.is_eligible
),

-- Flags and bookmarks are listed also of content that is not: where no record
-- shows it, it was gone before it was read, or is private.
unseen as (
    select e.event_id
    from core.community_event as e
    left join mart.content as c on c.content_id = e.content_id
    where e.event_type in ('flag', 'bookmark') and e.content_id is not null and c.content_id is null
),

labelled as (
    select t.thread_id, t.product_topic
    from core.thread as t
    where t.product_topic is not null
),

done as (
    select
        e.event_id,
        e.event_type as rule_type,
        e.event_type,
        e.community_id,
        e.identity_id,
        p.person_id,
        e.thread_id,
        e.content_id,
        l.product_topic,
        e.campaign,
        e.happened_at,
        e.happened_on,
        coalesce(e.source, '') as source,
        coalesce(e.reaction, '') as reaction,
        0 as min_chars
    from core.community_event as e
    left join core.person_identity as p on p.identity_id = e.identity_id
    left join labelled as l on l.thread_id = e.thread_id
    left join core.person_standing as s
        on s.person_id = p.person_id and s.valid_from <= e.happened_at and s.valid_to > e.happened_at
    left join closed_thread as t on t.thread_id = e.thread_id
    left join closed_content as c on c.content_id = e.content_id
    left join unseen as u on u.event_id = e.event_id
    where e.happened_at is not null
        and not e.is_removed
        and not e.is_automated
        and s.person_id is null
        and t.thread_id is null
        and c.content_id is null
        and u.event_id is null
),

-- What a source tells of a join stands even where it is no act: a join made by
-- the software (is_automated) is none by the membership either.
told_joins as (
    select e.identity_id, e.community_id, e.happened_on
    from core.community_event as e
    where e.event_type = 'join'
),

joined as (
    select
        'join:' || m.member_id as event_id,
        'join' as rule_type,
        'join' as event_type,
        m.community_id,
        m.identity_id,
        p.person_id,
        cast(null as varchar) as thread_id,
        cast(null as varchar) as content_id,
        cast(null as varchar) as product_topic,
        cast(null as varchar) as campaign,
        m.joined_at as happened_at,
        m.joined_on as happened_on,
        coalesce(nullif(split_part(m.member_id, ':', 1), ''), '') as source,
        '' as reaction,
        0 as min_chars
    from core.community_member as m
    left join core.person_identity as p on p.identity_id = m.identity_id
    left join core.person_standing as s
        on s.person_id = p.person_id and s.valid_from <= m.joined_at and s.valid_to > m.joined_at
    where m.joined_at is not null
        and m.join_channel is distinct from 'import'
        and s.person_id is null
        and not exists (
            select 1
            from told_joins as j
            where j.identity_id = m.identity_id
                and j.community_id = m.community_id
                and j.happened_on >= add_days(m.joined_on, -1)
                and j.happened_on <= add_days(m.joined_on, 1)
        )
),

attended as (
    select
        'attend:' || a.gathering_id || ':' || a.identity_id as event_id,
        'attend' as rule_type,
        'attend' as event_type,
        a.community_id,
        a.identity_id,
        a.person_id,
        cast(null as varchar) as thread_id,
        a.gathering_id as content_id,
        cast(null as varchar) as product_topic,
        a.campaign,
        a.joined_at as happened_at,
        local_date(a.joined_at) as happened_on,
        coalesce(a.source, '') as source,
        '' as reaction,
        0 as min_chars
    from mart.event_participation as a
    where a.is_attended
),

responses as (
    select
        r.response_id,
        min(r.survey_id) as survey_id,
        min(r.identity_id) as identity_id,
        min(r.responded_at) as responded_at
    from core.survey_response as r
    where r.is_complete and r.responded_at is not null
    group by r.response_id
),

-- A survey is an act in the community where it asks about one or its events.
surveyed as (
    select
        r.response_id as event_id,
        'survey' as rule_type,
        'survey' as event_type,
        v.community_id,
        r.identity_id,
        p.person_id,
        cast(null as varchar) as thread_id,
        v.survey_id as content_id,
        cast(null as varchar) as product_topic,
        cast(null as varchar) as campaign,
        r.responded_at as happened_at,
        local_date(r.responded_at) as happened_on,
        coalesce(nullif(split_part(v.survey_id, ':', 1), ''), '') as source,
        '' as reaction,
        0 as min_chars
    from responses as r
    inner join core.survey as v on v.survey_id = r.survey_id
    left join core.person_identity as p on p.identity_id = r.identity_id
    left join core.person_standing as s
        on s.person_id = p.person_id and s.valid_from <= r.responded_at and s.valid_to > r.responded_at
    where s.person_id is null
        and (v.community_id is not null or v.kind in ('event', 'community_sat'))
),

acts as (
    select * from content
    union all
    select * from done
    union all
    select * from joined
    union all
    select * from attended
    union all
    select * from surveyed
),

final as (
    select
        a.event_id,
        a.event_type,
        a.community_id,
        a.identity_id,
        a.person_id,
        a.thread_id,
        a.content_id,
        a.product_topic,
        a.campaign,
        a.happened_at,
        a.happened_on,
        coalesce(t.tier, 0) as tier,
        nullif(a.source, '') as source
    from acts as a
    left join rules as r on r.date_day = a.happened_on
    left join tiers as t
        on t.event_type = a.rule_type and t.source = a.source and t.reaction = a.reaction
        and t.rules_on = r.rules_on and t.min_chars = a.min_chars
    where coalesce(t.tier, 0) >= 0
)

select * from final
