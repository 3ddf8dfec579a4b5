-- One row per rule that gives acts their tier: -1 done by the software, 0
-- passive, 1 light, 2 meaningful, 3 high. A rule holds for acts of its type, of
-- its source and reaction where it names them, whose text has at least
-- min_chars characters, from the local day effective_from on. Of the rules that
-- hold for an act decides the one that names more of source and reaction (a
-- reaction weighs more), then the one effective last, then the configuration's
-- before a shipped one, then the one with more characters, then the higher tier.
--
-- event_type: type of act, as in mart.activity; reply_helpful is a reply with a helpful vote, solution an accepted one
-- source: connector type; null: all
-- reaction: the source's name for the reaction or vote; null: all
-- min_chars: characters of the text
-- tier: -1 to 3
-- is_helpful_reaction: such a reaction says that a reply helped
-- effective_from: first local day; 0001-01-01: always
-- origin: shipped or config
with
shipped as (
    select r.event_type, cast(null as varchar) as reaction, r.min_chars, r.tier, r.is_helpful_reaction
    from (
        values
            ('system', 0, -1, false),
            ('visit', 0, 0, false),
            ('view', 0, 0, false),
            ('search', 0, 0, false),
            ('join', 0, 0, false),
            ('flag', 0, 0, false),
            ('training_view', 0, 0, false),
            ('reaction', 0, 1, false),
            ('vote', 0, 1, true),
            ('poll', 0, 1, false),
            ('bookmark', 0, 1, false),
            ('share', 0, 1, false),
            ('reply', 0, 1, false),
            ('reply_helpful', 0, 2, false),
            ('thread', 0, 1, false),
            ('attend', 0, 2, false),
            ('survey', 0, 2, false),
            ('feedback', 0, 2, false),
            ('referral_share', 0, 2, false),
            ('research_beta', 0, 2, false),
            ('research_interview', 0, 2, false),
            ('research_test', 0, 2, false),
            ('solution', 0, 3, false),
            ('guide', 0, 3, false),
            ('talk', 0, 3, false),
            ('case_study', 0, 3, false)
    ) as r (event_type, min_chars, tier, is_helpful_reaction)
    union all
    select 'thread', null, cast(cast(p.value as double) as integer), 2, false
    from ref.param as p
    where p.name = 'min_chars'
    union all
    select 'reaction', h.reaction, 0, 1, true
    from (
        values ('like'), ('+1'), ('thumbsup'), ('thumbs_up'), ('heart'), ('hooray'), ('tada'), ('helpful'), ('thanks'), ('star')
    ) as h (reaction)
    union all
    select 'vote', h.reaction, 0, 1, false
    from (values ('down'), ('downvote'), ('-1')) as h (reaction)
),

final as (
    select
        s.event_type,
        cast(null as varchar) as source,
        s.reaction,
        s.min_chars,
        s.tier,
        s.is_helpful_reaction,
        date '0001-01-01' as effective_from,
        'shipped' as origin
    from shipped as s
    union all
    select
        c.event_type,
        c.source,
        c.reaction,
        c.min_chars,
        c.tier,
        c.is_helpful_reaction,
        c.effective_from,
        'config' as origin
    from ref.config_engagement_rule as c
)

select * from final
