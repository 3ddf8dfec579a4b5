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
	if err := r.handOver(ctx, l, s, t); err != nil {
		return err
	}
	if err := r.storePlaces(ctx, l, t); err != nil {
		return err
	}
	// What was read of the logins is a great part of the memory, and done with.
	statements := []string{"drop table temp.login"}
	if t.members > 0 {
		statements = append(statements, r.namePeople()...)
	}
	// While temp.newcomer and identity.person_identity share no login.
	if t.newcomers > 0 {
		statements = append(statements, r.storeNewPeople())
	}
	if len(t.anchored) > 0 {
		statements = append(statements, r.storeAnchors()...)
	}
	if t.members > 0 {
		statements = append(statements, r.storeMembers()...)
	}
	if t.moved > 0 {
		statements = append(statements, r.storeMerges()...)
	}
	return r.exec(ctx, statements...)
}

// namePeople makes temp.person, the people of now that changed, with the ids of
// those that they were or with new ones.
func (r *round) namePeople() []string {
	return []string{
		`create or replace temp table resident as
select c.cluster, c.label_key, c.person_key, coalesce(q.person_id, cast(uuidv7() as varchar)) as person_id
from temp.cluster as c
left join lake.identity.person as q on q.person_key = c.person_key`,
		fmt.Sprintf(`create or replace temp table person as
select r.cluster, r.label_key, r.person_id, coalesce(r.person_key, %s) as person_key, r.person_key is null as is_new
from temp.resident as r`, keyOf("r.person_id")),
		"drop table temp.resident",
		"drop table temp.cluster",
	}
}

// storeMembers writes to whom the logins belong that changed.
func (r *round) storeMembers() []string {
	now, build := r.now(), literal(r.BuildID)
	return []string{
		fmt.Sprintf(`create or replace temp table ended as
select p.*, p.person_key <> c.person_key as is_moved
from lake.identity.person_identity as p
inner join temp.moved as m on m.identity_key = p.identity_key
inner join temp.person as c on c.cluster = m.cluster
where p.unlinked_at is null and m.packed & %d > 0`, changedFlag),
		"delete from lake.identity.person_identity as p using temp.ended as e where e.identity_key = p.identity_key and p.unlinked_at is null",
		// In one insert: rows of a large one that follows an empty one are not to be
		// seen in their own transaction (DuckDB 1.5.5). The new logins stand in both
		// their tables in the same order.
		fmt.Sprintf(`insert into lake.identity.person_identity by name
select
    n.identity_id,
    i.source,
    i.source_instance,
    substr(n.identity_id, length(i.source) + length(i.source_instance) + 3) as source_user_id,
    %[1]s,
    %[2]s as linked_at,
    %[3]s as build_id,
    cast(null as timestamp) as unlinked_at
from temp.newcomer as n
positional join temp.arrived as m
inner join temp.person as c on c.cluster = m.cluster
inner join lake.identity.instance as i on i.instance_no = m.packed >> 16
union all by name
select
    e.identity_id,
    e.source,
    e.source_instance,
    e.source_user_id,
    %[1]s,
    case when e.is_moved then %[2]s else e.linked_at end as linked_at,
    %[3]s as build_id,
    cast(null as timestamp) as unlinked_at
from temp.ended as e
inner join temp.moved as m on m.identity_key = e.identity_key
inner join temp.person as c on c.cluster = m.cluster
union all by name
select e.* exclude (is_moved, unlinked_at), %[2]s as unlinked_at from temp.ended as e where e.is_moved`, memberOf, now, build),
	}
}

// memberOf is what identity.person_identity says of a login m of temp.moved or
// temp.arrived, and of its person c.
var memberOf = fmt.Sprintf(`m.identity_key,
    c.person_id,
    c.person_key,
    m.packed & %d > 0 as is_linkable,
    cast(nullif(m.packed >> 8 & 255, %d) as tinyint) as match_tier,
    %s as match_method,
    %s as match_confidence`, linkableFlag, NoTier, fmt.Sprintf(methodOf, "(m.packed >> 8 & 255)"), fmt.Sprintf(confidenceOf, "(m.packed >> 8 & 255)"))

func (r *round) storeNewPeople() string {
	return fmt.Sprintf(`insert into lake.identity.person (person_id, person_key, anchor_identity_id, anchor_key, created_at, build_id)
select c.person_id, c.person_key, i.identity_id, c.label_key, %s, %s
from %s as i
inner join temp.person as c on c.label_key = i.identity_key
where c.is_new`, r.now(), literal(r.BuildID), r.ids())
}

// storePlaces writes where logins stand, and forgets those that are gone.
func (r *round) storePlaces(ctx context.Context, l *loading, t *settling) error {
	if t.placed > 0 {
		err := r.exec(ctx, fmt.Sprintf(`delete from lake.identity.login as l
where l.identity_key in (
    select m.identity_key from temp.moved as m where m.packed & %[1]d = %[1]d
    union all
    select a.identity_key from temp.arrived as a where a.packed & %[1]d = %[1]d
)`, placedFlag|standsFlag),
			fmt.Sprintf(`insert into lake.identity.login (identity_key, component, instance_no, company_key, is_customer, is_bot, is_linkable)
select l.identity_key, m.component, l.instance_no, l.company_key, l.is_customer, l.is_bot, l.is_linkable
from temp.login as l
inner join (select o.* from temp.moved as o union all select a.* from temp.arrived as a) as m on m.identity_key = l.identity_key
where m.packed & %d > 0`, placedFlag))
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
    inner join temp.person as c on c.cluster = m.cluster
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
