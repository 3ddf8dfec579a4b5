-- One row per login, community and span of days over which it was a membership
-- that counts: it lasted (mart.member_span), and its person was a member by mart.membership.
--
-- identity_id: source:instance:user
-- person_id: the human behind it
-- community_id: where
-- source: connector type
-- is_linkable: may be joined with customer data
-- is_sure: the login is linked to its person surely enough to count (link_confidence_min)
-- from_on: first local day
-- until_on: local day on which it had ended; null while it lasts
with
logins as (
    select distinct
        m.identity_id,
        p.person_id,
        m.community_id,
        p.source,
        p.is_linkable,
        p.match_confidence >= param('link_confidence_min') as is_sure,
        m.from_on,
        m.until_on
    from mart.member_span as m
    inner join core.person_identity as p on p.identity_id = m.identity_id
),

final as (
    select
        l.identity_id,
        l.person_id,
        l.community_id,
        l.source,
        l.is_linkable,
        l.is_sure,
        case when l.from_on > s.from_on then l.from_on else s.from_on end as from_on,
        nullif(
            case when l.until_on < coalesce(s.until_on, date '9999-12-31') then l.until_on else coalesce(s.until_on, date '9999-12-31') end,
            date '9999-12-31'
        ) as until_on
    from logins as l
    inner join mart.membership as s
        on s.person_id = l.person_id and s.community_id = l.community_id
        and s.from_on < l.until_on and coalesce(s.until_on > l.from_on, true)
)

select * from final
