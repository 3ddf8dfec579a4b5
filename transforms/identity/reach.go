package identity

import (
	"context"
	"fmt"

	"rollcall/internal/warehouse"
)

// reach lists the logins to solve again: all of the components that something
// touched belongs to. A component is closed under all evidence of before; what
// is new joins whole components.
func (r *round) reach(ctx context.Context) error {
	if r.isWhole() {
		return r.listNewcomers(ctx)
	}
	if r.solvesAll {
		return nil
	}
	return r.exec(ctx,
		// The values of what was touched, and those that differ by a tag only.
		`create or replace temp table touched_value as
with
said as (
    select distinct o.value_key
    from lake.identity.observation as o
    where o.identity_key in (select t.identity_key from temp.touched as t) and o.id_type in ('email', 'subject')
),

telling as (
    select v.value_key, v.untagged_key
    from lake.vault.value as v
    inner join said as s on s.value_key = v.value_key
    where `+tells+`
)

select t.value_key from telling as t
union
select t.untagged_key from telling as t where t.untagged_key is not null
union
select v.value_key from lake.vault.value as v where v.untagged_key in (select t.value_key from telling as t)`,
		`create or replace temp table dirty as
with
near as (
    select t.identity_key from temp.touched as t
    union
    select o.identity_key from lake.identity.observation as o where o.value_key in (select v.value_key from temp.touched_value as v)
    union
    select o.identity_key from lake.identity.observation as o
    where o.id_type in ('reference', 'merge') and o.value_key in (select t.identity_key from temp.touched as t)
    union
    select o.value_key from lake.identity.observation as o
    where o.id_type in ('reference', 'merge') and o.identity_key in (select t.identity_key from temp.touched as t)
    union
    select `+keyOf("unnest([d.identity_id, d.other_identity_id])")+` from lake.identity.decision as d
    where d.identity_id in (select t.identity_id from temp.touched as t) or d.other_identity_id in (select t.identity_id from temp.touched as t)
),

near_components as (
    select distinct l.component
    from lake.identity.login as l
    where l.identity_key in (select n.identity_key from near as n)
),

keys as (
    select l.identity_key from lake.identity.login as l where l.component in (select c.component from near_components as c)
    union
    select n.identity_key from near as n
)

select p.identity_id, p.identity_key, null as place
from lake.identity.person_identity as p
where p.unlinked_at is null and p.identity_key in (select k.identity_key from keys as k)
union all
select n.identity_id, n.identity_key, n.rowid from temp.newcomer as n`)
}

// ids is the table of all logins that are solved, with their keys, until the new
// ones are stored.
func (r *round) ids() string {
	if !r.solvesAll {
		return "temp.dirty"
	}
	return `(
    select p.identity_id, p.identity_key from lake.identity.person_identity as p where p.unlinked_at is null
    union all
    select n.identity_id, n.identity_key from temp.newcomer as n
)`
}

// describe gives the logins to solve with all that the guards look at, beside
// how they stood before.
func (r *round) describe(ctx context.Context) error {
	isAsked := "false"
	if r.Rules.NeedsGrant {
		strange, err := r.count(ctx, "select count(*) from lake.identity.instance as i where i.is_community is null")
		if err != nil {
			return err
		}
		isAsked = fmt.Sprint(strange > 0)
	}
	if err := r.countNewcomers(ctx); err != nil {
		return err
	}
	for {
		instances, err := r.instances(ctx)
		if err != nil {
			return err
		}
		dirty := fmt.Sprintf(allLogins, instances.numberOf("p.identity_id"), instances.numberOf("n.identity_id"), r.newcomers.placeOf("n.rowid"))
		if !r.solvesAll {
			dirty = fmt.Sprintf(dirtyLogins, instances.numberOf("d.identity_id"), r.newcomers.placeOf("d.place"))
		}
		if err := r.refill(ctx, "login", fmt.Sprintf(describeLogins, dirty, r.now(), r.Rules.NeedsGrant, isAsked)); err != nil {
			return err
		}
		added, err := r.numberStrangers(ctx, "temp.login as l where l.instance_no is null", fmt.Sprintf(`select split_part(i.identity_id, ':', 1) as source, split_part(i.identity_id, ':', 2) as source_instance
from temp.login as l
inner join %s as i on i.identity_key = l.identity_key
where l.instance_no is null`, r.ids()))
		if err != nil || !added {
			return err
		}
	}
}

// newcomers are the rows of temp.newcomer.
type newcomers struct{ count, first, last int64 }

func (r *round) countNewcomers(ctx context.Context) error {
	return scanOne(ctx, r.tx, "select count(*), coalesce(min(n.rowid), 0), coalesce(max(n.rowid), -1) from temp.newcomer as n", &r.newcomers.count, &r.newcomers.first, &r.newcomers.last)
}

// placed is how many of them have a place: all, or none where rows have gaps.
func (n newcomers) placed() int64 {
	if n.last-n.first+1 != n.count {
		return 0
	}
	return n.count
}

// placeOf is, as SQL, which of them one is, by its row; null where none has a
// place.
func (n newcomers) placeOf(row string) string {
	if n.placed() == 0 {
		return "cast(null as bigint)"
	}
	return fmt.Sprintf("%s - %d", row, n.first)
}

// The logins to describe, and whose they were.
const (
	allLogins = `select p.identity_key, coalesce(i.instance_no, %s) as instance_no, p.person_key as was_person, p.match_tier as was_tier, p.is_linkable as was_linkable, p.rowid as place
    from lake.identity.person_identity as p
    left join lake.identity.instance as i on i.source = p.source and i.source_instance = p.source_instance
    where p.unlinked_at is null
    union all
    select n.identity_key, %s, null, null, null, %s
    from temp.newcomer as n`
	dirtyLogins = `select d.identity_key, %s as instance_no, p.person_key as was_person, p.match_tier as was_tier, p.is_linkable as was_linkable, %s as place
    from temp.dirty as d
    left join lake.identity.person_identity as p on p.identity_key = d.identity_key and p.unlinked_at is null`
)

// describeLogins: the bots by any record's word; the company that a CRM says a
// contact belongs to now, its main one or that of the least id, companies of one
// account being one; and consent.
// Of answers the latest of each source counts, and one refusal is enough.
var describeLogins = `with
dirty as (
    %[1]s
),

logins as (
    select d.*, i.is_community
    from dirty as d
    left join lake.identity.instance as i on i.instance_no = d.instance_no
),

bots as (
    select distinct ` + keyOf("s.identity_id") + ` as identity_key from lake.staging.identity as s where s.is_bot
),

shown as (
    select s.identity_key, bool_or(i.is_community) as is_community
    from (select ` + keyOf("h.identity_id") + ` as identity_key, h.record from lake.staging.identity as h where %[4]s) as s
    inner join lake.identity.instance as i on i.source = split_part(s.record, ':', 1) and i.source_instance = split_part(s.record, ':', 2)
    where s.identity_key in (select l.identity_key from logins as l where l.is_community is null)
    group by s.identity_key
),

memberships as (
    select ` + keyOf("m.identity_id") + ` as identity_key, m.org_id, coalesce(m.is_primary, false) as is_primary
    from lake.staging.org_membership as m
    left join lake.identity.instance as i on i.source = split_part(m.record, ':', 1) and i.source_instance = split_part(m.record, ':', 2)
    where m.deleted_at is null and (m.valid_from is null or m.valid_from <= %[2]s) and (m.valid_to is null or m.valid_to > %[2]s)
        and (m.basis = 'crm' or m.basis is null and coalesce(i.is_crm, false))
),

companies as (
    select a.org_id, min(a.org_id) over (partition by a.account_id) as company_id
    from lake.identity.account_source as a
    where a.unlinked_at is null
),

employers as (
    select
        m.identity_key,
        coalesce(min(coalesce(c.company_id, m.org_id)) filter (where m.is_primary), min(coalesce(c.company_id, m.org_id))) as company_id
    from memberships as m
    left join companies as c on c.org_id = m.org_id
    group by m.identity_key
),

customers as (
    select coalesce(c.company_id, o.org_id) as company_id, bool_or(o.is_customer) as is_customer
    from lake.staging.org as o
    left join companies as c on c.org_id = o.org_id
    where o.is_customer is not null
    group by coalesce(c.company_id, o.org_id)
),

answers as (
    select
        c.identity_id,
        c.status,
        row_number() over (
            partition by c.identity_id, split_part(c.record, ':', 1), split_part(c.record, ':', 2)
            order by coalesce(c.recorded_at, c.source_updated_at) desc nulls last, c.record desc
        ) as recency
    from lake.staging.consent as c
    where c.purpose = 'identity_matching' and c.deleted_at is null
),

consents as (
    select ` + keyOf("a.identity_id") + ` as identity_key, bool_or(a.status = 'granted') as is_granted, bool_or(a.status <> 'granted') as is_refused
    from answers as a
    where a.recency = 1
    group by a.identity_id
),

described as (
    select
        l.identity_key,
        l.instance_no,
        coalesce(` + keyOf("e.company_id") + `, 0) as company_key,
        coalesce(c.is_customer, true) as is_customer,
        b.identity_key is not null as is_bot,
        not coalesce(a.is_refused, false)
            and (coalesce(a.is_granted, false) or not (%[3]t and coalesce(l.is_community, s.is_community, false))) as is_linkable,
        l.was_person,
        l.was_tier,
        l.was_linkable,
        l.place
    from logins as l
    left join bots as b on b.identity_key = l.identity_key
    left join shown as s on s.identity_key = l.identity_key
    left join employers as e on e.identity_key = l.identity_key
    left join customers as c on c.company_id = e.company_id
    left join consents as a on a.identity_key = l.identity_key
)

select
    d.*,
    q.component as was_component,
    coalesce(q.instance_no = d.instance_no and q.company_key = d.company_key and q.is_customer = d.is_customer and q.is_bot = d.is_bot
        and q.is_linkable = d.is_linkable, false) as is_described
from described as d
left join lake.identity.login as q on q.identity_key = d.identity_key`

// TouchCompanies has the contacts looked at again whose companies became, or are
// no longer, one account in this build.
func TouchCompanies(ctx context.Context, tx *warehouse.Tx, buildID string) error {
	return tx.Exec(ctx, `insert into lake.identity.pending (identity_id)
with
accounts as (
    select a.account_id
    from lake.identity.account_source as a
    group by a.account_id
    having bool_or(a.build_id = ?) and count(distinct a.org_id) > 1
)

select distinct m.identity_id
from lake.staging.org_membership as m
inner join lake.identity.account_source as a on a.org_id = m.org_id
where a.account_id in (select c.account_id from accounts as c) and m.identity_id is not null`, buildID)
}
