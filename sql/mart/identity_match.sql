-- One row per source and instance: how far its logins are resolved, as of this
-- build.
--
-- source: connector type
-- source_instance: configured instance
-- logins: logins that it shows
-- people: the people behind them
-- linkable_logins: logins that may be joined with customer data
-- matched_logins: logins whose person has one at another instance as well
-- account_logins: logins whose person belongs to a company now
-- consented_logins: logins with a recorded basis for identity matching now
-- suggested_logins: logins for which somebody could decide on a suggested link
with
people as (
    select
        p.person_id,
        count(distinct p.source || ':' || p.source_instance) as instances
    from core.person_identity as p
    group by p.person_id
),

employed as (
    select distinct a.person_id
    from core.person_account as a
    where a.valid_to is null
),

consented as (
    select c.identity_id
    from core.consent as c
    where c.purpose = 'identity_matching' and c.status = 'granted' and c.valid_to is null
),

suggested as (
    select s.identity_id from identity.suggestion as s
    union
    select s.other_identity_id from identity.suggestion as s
),

final as (
    select
        p.source as source,
        p.source_instance,
        count(*) as logins,
        count(distinct p.person_id) as people,
        count(*) filter (where p.is_linkable) as linkable_logins,
        count(*) filter (where h.instances > 1) as matched_logins,
        count(e.person_id) as account_logins,
        count(c.identity_id) as consented_logins,
        count(s.identity_id) as suggested_logins
    from core.person_identity as p
    inner join people as h on h.person_id = p.person_id
    left join employed as e on e.person_id = p.person_id
    left join consented as c on c.identity_id = p.identity_id
    left join suggested as s on s.identity_id = p.identity_id
    group by p.source, p.source_instance
)

select * from final
