package identity

import (
	"context"
	"fmt"
)

// methods of a match, by tier.
const methodOf = `case %[1]s when 0 then 'stated' when 1 then 'verified_email' when 2 then 'staff_email' when 3 then 'self_email' else 'own' end`

// confidenceOf is how sure a link of a tier is: what was stated or proven on
// both sides; what staff entered; what the login alone says.
const confidenceOf = `case %[1]s when 1 then 0.99 when 2 then 0.97 when 3 then 0.92 else 1.0 end`

// writePeople moves logins to their people, keeping where they were.
func (r *round) writePeople(ctx context.Context, l *loading, s *Solution, t *settling) error {
	answers, err := r.answer(l, s, t)
	if err != nil {
		return err
	}
	defer answers.withdraw()
	if err := r.handOver(ctx, answers); err != nil {
		return err
	}
	if err := r.storePlaces(ctx, l, t); err != nil {
		return err
	}
	// What was read of the logins is a great part of the memory, and done with.
	if err := r.exec(ctx, "drop table temp.login", namePeople); err != nil {
		return err
	}
	var statements []string
	// While temp.newcomer and identity.person_identity share no login.
	if t.fresh > 0 {
		statements = append(statements, r.storeFreshPeople(l))
	}
	if t.newcomers > t.fresh {
		statements = append(statements, r.storeNewPeople())
	}
	if len(t.anchored) > 0 {
		statements = append(statements, r.storeAnchors()...)
	}
	if t.arrivals > 0 {
		statements = append(statements, r.storeArrivals(l))
	}
	if t.members > t.arrivals {
		statements = append(statements, r.storeMembers()...)
	}
	if t.moved > 0 {
		statements = append(statements, r.storeMerges()...)
	}
	return r.exec(ctx, statements...)
}

// namePeople makes temp.person, the people of temp.cluster with the ids of those
// that they were or with new ones.
var namePeople = `create or replace temp table person as
with
named as (
    select c.cluster, c.label_key, c.person_key, coalesce(q.person_id, c.new_id) as person_id
    from temp.cluster as c
    left join lake.identity.person as q on q.person_key = c.person_key
)

select n.cluster, n.label_key, n.person_id, coalesce(n.person_key, ` + keyOf("n.person_id") + `) as person_key, n.person_key is null as is_new
from named as n`

// Rows of a large insert that follows one of no rows are not to be seen in their
// own transaction (DuckDB 1.5.5): each of the next inserts some.

// storeArrivals writes to whom the new logins belong.
func (r *round) storeArrivals(l *loading) string {
	return fmt.Sprintf(`insert into lake.identity.person_identity by name
with
arrivals as (
    select n.identity_id, n.identity_key, %s as packed, cast(%s as varchar) as new_id
    from temp.newcomer as n
),

named as (
    select a.identity_id, a.identity_key, a.packed, coalesce(c.person_id, a.new_id) as person_id, c.person_key
    from arrivals as a
    left join temp.person as c on c.cluster = a.packed >> 32
)

select
    m.identity_id,
    i.source,
    i.source_instance,
    substr(m.identity_id, length(i.source) + length(i.source_instance) + 3) as source_user_id,
    m.identity_key,
    m.person_id,
    coalesce(m.person_key, %s) as person_key,
    %s,
    %s as linked_at,
    %s as build_id,
    cast(null as timestamp) as unlinked_at
from named as m
inner join lake.identity.instance as i on i.instance_no = m.packed >> 16 & 65535`,
		r.ofNewcomer(l, standingFunction), r.ofNewcomer(l, newPersonFunction), keyOf("m.person_id"), matchOf, r.now(), literal(r.BuildID))
}

// storeMembers writes to whom the known logins belong that changed.
func (r *round) storeMembers() []string {
	now, build := r.now(), literal(r.BuildID)
	return []string{
		`create or replace temp table ended as
select p.*, p.person_key <> c.person_key as is_moved
from lake.identity.person_identity as p
inner join temp.moved as m on m.identity_key = p.identity_key
inner join temp.person as c on c.cluster = m.packed >> 32
where p.unlinked_at is null`,
		"delete from lake.identity.person_identity as p using temp.ended as e where e.identity_key = p.identity_key and p.unlinked_at is null",
		fmt.Sprintf(`insert into lake.identity.person_identity by name
select
    e.identity_id,
    e.source,
    e.source_instance,
    e.source_user_id,
    m.identity_key,
    c.person_id,
    c.person_key,
    %[1]s,
    case when e.is_moved then %[2]s else e.linked_at end as linked_at,
    %[3]s as build_id,
    cast(null as timestamp) as unlinked_at
from temp.ended as e
inner join temp.moved as m on m.identity_key = e.identity_key
inner join temp.person as c on c.cluster = m.packed >> 32
union all by name
select e.* exclude (is_moved, unlinked_at), %[2]s as unlinked_at from temp.ended as e where e.is_moved`, matchOf, now, build),
	}
}

// matchOf is what identity.person_identity says of the standing m of a login.
var matchOf = fmt.Sprintf(`m.packed & %d > 0 as is_linkable,
    cast(nullif(m.packed >> 8 & 255, %d) as tinyint) as match_tier,
    %s as match_method,
    %s as match_confidence`, linkableFlag, NoTier, fmt.Sprintf(methodOf, "(m.packed >> 8 & 255)"), fmt.Sprintf(confidenceOf, "(m.packed >> 8 & 255)"))

// storeFreshPeople writes the people of whom all logins are new.
func (r *round) storeFreshPeople(l *loading) string {
	return fmt.Sprintf(`insert into lake.identity.person (person_id, person_key, anchor_identity_id, anchor_key, created_at, build_id)
with
firsts as (
    select n.identity_id, n.identity_key, cast(%s as varchar) as person_id
    from temp.newcomer as n
    where %s & %d > 0
)

select f.person_id, %s, f.identity_id, f.identity_key, %s, %s
from firsts as f`, r.ofNewcomer(l, newPersonFunction), r.ofNewcomer(l, standingFunction), firstFlag, keyOf("f.person_id"), r.now(), literal(r.BuildID))
}

// storeNewPeople writes the other people that nobody was before.
func (r *round) storeNewPeople() string {
	return fmt.Sprintf(`insert into lake.identity.person (person_id, person_key, anchor_identity_id, anchor_key, created_at, build_id)
select c.person_id, c.person_key, i.identity_id, c.label_key, %s, %s
from %s as i
inner join temp.person as c on c.label_key = i.identity_key
where c.is_new`, r.now(), literal(r.BuildID), r.ids())
}

// storePlaces writes where logins stand, and forgets those that are gone.
func (r *round) storePlaces(ctx context.Context, l *loading, t *settling) error {
	standing := l.ofLogin(standingFunction)
	if t.replaced > 0 {
		err := r.exec(ctx, fmt.Sprintf("delete from lake.identity.login as q where q.identity_key in (select l.identity_key from temp.login as l where %s & %d = %[2]d)", standing, placedFlag|standsFlag))
		if err != nil {
			return err
		}
	}
	if t.placed > 0 {
		err := r.exec(ctx, fmt.Sprintf(`insert into lake.identity.login (identity_key, component, instance_no, company_key, is_customer, is_bot, is_linkable)
select l.identity_key, %s, l.instance_no, l.company_key, l.is_customer, l.is_bot, l.is_linkable
from temp.login as l
where %s & %d > 0`, l.ofLogin(componentFunction), standing, placedFlag))
		if err != nil {
			return err
		}
	}
	if !r.solvesAll {
		return nil
	}
	stored, err := r.count(ctx, "select count(*) from lake.identity.login")
	if err != nil || stored == int64(len(l.Logins)) {
		return err
	}
	return r.exec(ctx, "delete from lake.identity.login as l where l.identity_key not in (select t.identity_key from temp.login as t)")
}

// storeAnchors writes of whoever lost the login that he was known by the one that
// he is known by now.
func (r *round) storeAnchors() []string {
	return []string{
		fmt.Sprintf(`create or replace temp table ended as
select q.* replace (i.identity_id as anchor_identity_id, i.identity_key as anchor_key)
from lake.identity.person as q
inner join temp.anchored as a on a.person_key = q.person_key
inner join %s as i on i.identity_key = a.label_key`, r.ids()),
		"delete from lake.identity.person as q using temp.ended as e where e.person_key = q.person_key",
		"insert into lake.identity.person select * from temp.ended",
	}
}

// storeMerges writes what became of people who are no more, and who came of
// others.
func (r *round) storeMerges() []string {
	now, build := r.now(), literal(r.BuildID)
	return []string{
		`create or replace temp table merged as
select f.person_id, c.person_id as surviving_id
from temp.redirected as d
inner join lake.identity.person as f on f.person_key = d.former_key
inner join temp.person as c on c.cluster = d.cluster`,
		fmt.Sprintf(`insert into lake.identity.person_merge (merged_person_id, surviving_person_id, merged_at, method, build_id)
select d.person_id, d.surviving_id, %s, 'resolver', %s
from temp.merged as d`, now, build),
		fmt.Sprintf(`insert into lake.identity.person_event (event, person_id, other_person_id, identity_id, actor, reason, happened_at, build_id)
with
gone as (
    select e.identity_id, c.person_id, e.person_id as former_id, c.is_new
    from temp.ended as e
    inner join temp.moved as m on m.identity_key = e.identity_key
    inner join temp.person as c on c.cluster = m.packed >> 32
    where e.is_moved
)

select 'merged', d.person_id, d.surviving_id, null, 'resolver', null, %[1]s, %[2]s
from temp.merged as d
union all
select 'split', g.person_id, min(g.former_id), null, 'resolver', null, %[1]s, %[2]s
from gone as g
where g.is_new
group by g.person_id
union all
select 'linked', g.person_id, g.former_id, g.identity_id, 'resolver', null, %[1]s, %[2]s
from gone as g`, now, build),
	}
}

// remember closes the round: what was pending is done.
func (r *round) remember(ctx context.Context) error {
	compared := "(select max(s.compared_at) from temp.ended as s)"
	if r.compared {
		compared = r.now()
	}
	return r.exec(ctx,
		"delete from lake.identity.pending",
		"create or replace temp table ended as select * from lake.identity.solved",
		"delete from lake.identity.solved",
		fmt.Sprintf(`insert into lake.identity.solved (fingerprint, solved_at, compared_at, due_at, build_id)
select %[1]s, %[2]s, %[4]s, least(min(m.valid_from) filter (where m.valid_from > %[2]s), min(m.valid_to) filter (where m.valid_to > %[2]s)), %[3]s
from lake.staging.org_membership as m
where m.deleted_at is null`, literal(r.Rules.fingerprint()), r.now(), literal(r.BuildID), compared))
}
