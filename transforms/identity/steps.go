package identity

// selectSteps pairs the logins that claim one value, an address within one
// stretch of time: what comes later than the days of grace after all earlier
// claims ended is somebody else's. A login that a rule kept from the others has
// no way through the value; those that a decision split off are linked by it. An
// address with a tag counts as the one without, where that was seen.
const selectSteps = `with
logins as (
    select p.identity_id, p.identity_key from lake.identity.person_identity as p where p.person_id = ? and p.unlinked_at is null
),

telling as (
    select v.value_key, v.untagged_key, v.id_type, v.norm, v.class
    from lake.vault.value as v
    where v.id_type in ('email', 'subject') and ` + tells + `
),

said as (
    select
        l.identity_id,
        l.identity_key,
        o.record,
        coalesce(o.asserted_by, '') as asserted_by,
        o.trust,
        o.seen_from,
        o.seen_until,
        coalesce(u.value_key, v.value_key) as value_key,
        v.id_type,
        coalesce(u.norm, v.norm) as norm
    from logins as l
    inner join lake.identity.observation as o on o.identity_key = l.identity_key
    inner join telling as v on v.value_key = o.value_key
    left join telling as u on u.value_key = v.untagged_key
    where coalesce(u.class, v.class) = 'unique'
        and not exists (
            select 1 from lake.identity.refusal as r
            where r.identity_id = l.identity_id and r.value_key = coalesce(u.value_key, v.value_key) and r.rule <> 'not_same'
        )
    qualify row_number() over (partition by l.identity_id, coalesce(u.value_key, v.value_key) order by o.trust desc, o.seen_from, o.record) = 1
),

counted as (
    select s.value_key, s.value_key as counted_key from said as s
    union
    select v.value_key, v.untagged_key from telling as v where v.untagged_key in (select s.value_key from said as s)
),

spans as (
    select
        c.counted_key as value_key,
        o.identity_key,
        cast(min(coalesce(o.seen_from, timestamp '1970-01-01')) as date) as began_on,
        case
            when bool_or(o.seen_until is null) then date '9999-12-31'
            else cast(max(least(o.seen_until, e.ended_at)) as date)
        end as ended_on
    from lake.identity.observation as o
    inner join counted as c on c.value_key = o.value_key
    inner join lake.identity.login as l on l.identity_key = o.identity_key and l.is_linkable
    left join (%[1]s) as e on e.identity_key = o.identity_key and e.value_key = o.value_key
    where o.id_type = 'email'
    group by c.counted_key, o.identity_key
),

followed as (
    select
        s.*,
        max(s.ended_on) over (
            partition by s.value_key order by s.began_on, s.identity_key rows between unbounded preceding and 1 preceding
        ) as all_ended_on
    from spans as s
),

stretches as (
    select
        f.value_key,
        f.identity_key,
        count(*) filter (where f.began_on > f.all_ended_on + %[2]d) over (
            partition by f.value_key order by f.began_on, f.identity_key rows between unbounded preceding and current row
        ) as stretch
    from followed as f
),

claims as (
    select s.*, t.stretch
    from said as s
    left join stretches as t on t.value_key = s.value_key and t.identity_key = s.identity_key
)

select a.identity_id, b.identity_id, a.id_type, a.norm,
    greatest(case when a.trust = 1 then 3 when a.id_type = 'subject' then 0 else 4 - a.trust end, case when b.trust = 1 then 3 when b.id_type = 'subject' then 0 else 4 - b.trust end),
    a.record, a.asserted_by, a.trust, a.seen_from, a.seen_until, b.record, b.asserted_by, b.trust, b.seen_from, b.seen_until
from claims as a
inner join claims as b on b.value_key = a.value_key and b.identity_id <> a.identity_id and (a.trust > 1 or b.trust > 1)
    and b.stretch is not distinct from a.stretch`
