-- One row per company and local day on which its people did anything in a
-- community. An act counts to the company of its own day: that to which the very
-- login belonged then, else the primary one of its person. A day on which
-- somebody changed companies counts to the new one.
--
-- account_id: the company
-- happened_on: the local day
-- people: how many of its people acted
-- acts: acts of any kind
-- meaningful_acts: acts of tier 2 and above
-- threads: threads opened
-- replies: replies written
-- attended: events attended
--
-- slice: happened_on
-- slice mart.activity: happened_on
with
days as (
    select
        a.identity_id,
        a.person_id,
        a.happened_on,
        count(*) as acts,
        count(*) filter (where a.tier >= 2) as meaningful_acts,
        count(*) filter (where a.event_type = 'thread') as threads,
        count(*) filter (where a.event_type = 'reply') as replies,
        count(*) filter (where a.event_type = 'attend') as attended
    from mart.activity as a
    where a.person_id is not null and a.happened_on is not null
    group by a.identity_id, a.person_id, a.happened_on
),

logins as (
    select
        i.identity_id,
        i.account_id,
        coalesce(local_date(i.valid_from), date '0001-01-01') as from_on,
        coalesce(local_date(i.valid_to), date '9999-12-31') as until_on
    from core.identity_account as i
),

people as (
    select
        p.person_id,
        p.account_id,
        coalesce(local_date(p.valid_from), date '0001-01-01') as from_on,
        coalesce(local_date(p.valid_to), date '9999-12-31') as until_on
    from core.person_account as p
    where p.is_primary
),

attributed as (
    select
        d.*,
        coalesce(l.account_id, p.account_id) as account_id
    from days as d
    left join logins as l
        on l.identity_id = d.identity_id and l.from_on <= d.happened_on and l.until_on > d.happened_on
    left join people as p
        on p.person_id = d.person_id and p.from_on <= d.happened_on and p.until_on > d.happened_on
),

final as (
    select
        a.account_id,
        a.happened_on,
        count(distinct a.person_id) as people,
        cast(sum(a.acts) as bigint) as acts,
        cast(sum(a.meaningful_acts) as bigint) as meaningful_acts,
        cast(sum(a.threads) as bigint) as threads,
        cast(sum(a.replies) as bigint) as replies,
        cast(sum(a.attended) as bigint) as attended
    from attributed as a
    where a.account_id is not null
    group by a.account_id, a.happened_on
)

select * from final
