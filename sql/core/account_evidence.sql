-- One row per login, reason to count it to a company, and stretch of time in
-- which no reason of its person begins or ends: what core.identity_account and
-- core.person_account choose from. The reasons by weight: a membership set by
-- hand, the CRM's main company, another of the CRM, billing, the helpdesk's
-- organisation, the product's workspace, the domain of an address. Of equal
-- weight the one that began last counts: a later employment ends an earlier one.
--
-- Memberships hold from and to when their source says. Where it says no
-- beginning, those of a login that were seen first hold from always, others from
-- when they were seen; one whose record is gone ended when that was found.
--
-- An address may be older than the day on which it was first seen and is kept by
-- many after they left. So the first domain seen at a login holds from always;
-- and of a company to which anything else dates the person, domains say nothing.
-- Of ourselves they say nothing either.
--
-- identity_id: source:instance:user
-- person_id: the human behind it
-- account_id: the company
-- method: manual, crm, billing, helpdesk, product or domain
-- weight: 1 for the strongest reason to 7
-- confidence: how sure it is, 0 to 1
-- began_at: when the reason began; 0001-01-01: always
-- valid_from: first instant of the stretch; 0001-01-01: always
-- valid_to: its end, exclusive; 9999-12-31: still
with
kinds as (
    select
        k.source,
        k.source_instance,
        min(case k.kind when 'crm' then 1 when 'billing' then 2 when 'helpdesk' then 3 when 'product' then 4 else 5 end) as kind
    from ref.config_instance as k
    group by k.source, k.source_instance
),

memberships as (
    select
        m.identity_id,
        m.org_id,
        coalesce(
            lower(m.basis), case k.kind when 1 then 'crm' when 2 then 'billing' when 3 then 'helpdesk' else 'product' end
        ) as method,
        coalesce(m.is_primary, false) as is_main,
        coalesce(
            m.valid_from,
            case
                when m.first_seen_at > min(m.first_seen_at) over (
                    partition by m.identity_id, nullif(split_part(m.record, ':', 1), ''), nullif(split_part(m.record, ':', 2), '')
                ) then m.first_seen_at
            end,
            timestamp '0001-01-01 00:00:00'
        ) as began_at,
        coalesce(m.valid_to, m.deleted_at, timestamp '9999-12-31 00:00:00') as ended_at
    from staging.org_membership as m
    left join kinds as k
        on k.source = nullif(split_part(m.record, ':', 1), '') and k.source_instance = nullif(split_part(m.record, ':', 2), '')
    where m.identity_id is not null and m.org_id is not null
    union all
    select
        u.identity_id,
        u.org_id,
        'product' as method,
        false as is_main,
        coalesce(u.created_at, timestamp '0001-01-01 00:00:00') as began_at,
        coalesce(u.deactivated_at, timestamp '9999-12-31 00:00:00') as ended_at
    from core.product_user as u
    where u.org_id is not null
),

stated as (
    select
        m.identity_id,
        p.person_id,
        s.account_id,
        m.method,
        case
            when m.method = 'manual' then 1
            when m.method = 'crm' and m.is_main then 2
            when m.method = 'crm' then 3
            when m.method = 'billing' then 4
            when m.method = 'helpdesk' then 5
            else 6
        end as weight,
        s.match_confidence as confidence,
        m.began_at,
        m.ended_at
    from memberships as m
    inner join core.person_identity as p on p.identity_id = m.identity_id
    inner join core.account_source as s on s.org_id = m.org_id
),

-- The trust of an address: 1 self-asserted, 2 asserted by staff, 3 verified.
domains as (
    select
        d.identity_id,
        p.person_id,
        a.account_id,
        case when d.trust >= 2 then 0.95 else 0.8 end as confidence,
        case
            when d.seen_from > min(d.seen_from) over (partition by d.identity_id) then d.seen_from
            else timestamp '0001-01-01 00:00:00'
        end as seen_from,
        coalesce(d.seen_until, timestamp '9999-12-31 00:00:00') as seen_until,
        coalesce(a.valid_from, timestamp '0001-01-01 00:00:00') as owned_from,
        coalesce(a.valid_to, timestamp '9999-12-31 00:00:00') as owned_until
    from identity.login_domain as d
    inner join identity.account_domain as a on a.domain = d.domain
    inner join core.account as c on c.account_id = a.account_id and not c.is_internal
    inner join core.person_identity as p on p.identity_id = d.identity_id
),

reasons as (
    select s.* from stated as s
    where s.began_at < s.ended_at
    union all
    select
        d.identity_id,
        d.person_id,
        d.account_id,
        'domain' as method,
        7 as weight,
        d.confidence,
        case when d.seen_from > d.owned_from then d.seen_from else d.owned_from end as began_at,
        case when d.seen_until < d.owned_until then d.seen_until else d.owned_until end as ended_at
    from domains as d
    where d.seen_from < d.owned_until and d.owned_from < d.seen_until
        and not exists (select 1 from stated as s where s.person_id = d.person_id and s.account_id = d.account_id)
),

cuts as (
    select r.person_id, r.began_at as cut_at from reasons as r
    union
    select r.person_id, r.ended_at from reasons as r
),

stretches as (
    select
        c.person_id,
        c.cut_at as valid_from,
        lead(c.cut_at) over (partition by c.person_id order by c.cut_at nulls last) as valid_to
    from cuts as c
),

final as (
    select
        r.identity_id,
        r.person_id,
        r.account_id,
        r.method,
        r.weight,
        r.confidence,
        r.began_at,
        s.valid_from,
        s.valid_to
    from reasons as r
    inner join stretches as s
        on s.person_id = r.person_id and s.valid_from >= r.began_at and s.valid_to <= r.ended_at
)

select * from final
