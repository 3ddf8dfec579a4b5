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
func (r *round) writePeople(ctx context.Context, outcome *Outcome) error {
	if err := r.exec(ctx, r.placeLogins()...); err != nil {
		return err
	}
	var err error
	if outcome.Moved, err = r.count(ctx, "select count(*) from temp.member as m where m.former_id <> m.person_id"); err != nil {
		return err
	}
	changed, err := r.count(ctx, "select count(*) from temp.member as m where m.is_changed")
	if err != nil {
		return err
	}
	outcome.IsChanged = changed > 0
	if outcome.IsChanged {
		if err := r.exec(ctx, r.storeMembers()...); err != nil {
			return err
		}
	}
	return r.exec(ctx, r.storePeople(outcome.IsChanged)...)
}

// placeLogins makes temp.cluster, the people of now, and temp.member, their
// logins, with what was before.
func (r *round) placeLogins() []string {
	return []string{
		`create or replace temp table cluster as
with
labels as (
    select l.identity_key as label_key, l.identity_id as label_id, s.former_key
    from temp.login as l
    left join temp.solved as s on s.identity_key = l.identity_key
    where s.label_key is null or s.label_key = l.identity_key
)

select l.label_key, l.label_id, coalesce(f.person_id, cast(uuidv7() as varchar)) as person_id, f.person_id is null as is_new
from labels as l
left join temp.former as f on f.person_key = l.former_key`,
		fmt.Sprintf(`create or replace temp table member as
select
    l.identity_id,
    l.identity_key,
    l.instance_no,
    c.person_id,
    coalesce(s.component, l.identity_key) as component,
    cast(nullif(s.tier, %[1]d) as tinyint) as tier,
    l.is_linkable,
    p.person_id as former_id,
    p.person_id is null or p.person_id <> c.person_id or p.match_tier is distinct from cast(nullif(s.tier, %[1]d) as tinyint)
        or p.is_linkable is distinct from l.is_linkable or p.identity_key is null as is_changed,
    q.identity_key is null or q.component <> coalesce(s.component, l.identity_key) or q.instance_no <> l.instance_no or q.company_key <> l.company_key
        or q.is_customer <> l.is_customer or q.is_bot <> l.is_bot or q.is_linkable <> l.is_linkable as is_described_anew
from temp.login as l
left join temp.solved as s on s.identity_key = l.identity_key
inner join temp.cluster as c on c.label_key = coalesce(s.label_key, l.identity_key)
left join lake.identity.person_identity as p on p.identity_key = l.identity_key and p.unlinked_at is null
left join lake.identity.login as q on q.identity_key = l.identity_key`, NoTier),
	}
}

// storeMembers writes to whom the logins belong that changed.
func (r *round) storeMembers() []string {
	now, build := r.now(), literal(r.BuildID)
	return []string{
		// Closed rows of logins that leave, and what else stays of those that change.
		`create or replace temp table ended as
select p.*, m.former_id <> m.person_id as is_moved
from lake.identity.person_identity as p
inner join temp.member as m on m.identity_key = p.identity_key
where p.unlinked_at is null and m.is_changed`,
		"delete from lake.identity.person_identity as p using temp.ended as e where e.identity_key = p.identity_key and p.unlinked_at is null",
		// In one insert: rows of a large one that follows an empty one are not to be
		// seen in their own transaction (DuckDB 1.5.5).
		fmt.Sprintf(`insert into lake.identity.person_identity by name
select
    m.identity_id,
    m.person_id,
    i.source,
    i.source_instance,
    substr(m.identity_id, length(i.source) + length(i.source_instance) + 3) as source_user_id,
    %[1]s as match_method,
    case when e.is_moved = false then e.linked_at else %[2]s end as linked_at,
    m.identity_key,
    m.tier as match_tier,
    %[3]s as match_confidence,
    m.is_linkable,
    %[4]s as build_id,
    cast(null as timestamp) as unlinked_at
from temp.member as m
inner join lake.identity.instance as i on i.instance_no = m.instance_no
left join temp.ended as e on e.identity_key = m.identity_key
where m.is_changed
union all by name
select e.* exclude (is_moved, unlinked_at), %[2]s as unlinked_at from temp.ended as e where e.is_moved`, fmt.Sprintf(methodOf, "m.tier"), now, fmt.Sprintf(confidenceOf, "m.tier"), build),
	}
}

// storePeople writes where logins stand and who the people are, and what became
// of those who are no more.
func (r *round) storePeople(isChanged bool) []string {
	now, build := r.now(), literal(r.BuildID)
	gone := "false"
	if r.solvesAll {
		gone = "l.identity_key not in (select m.identity_key from temp.member as m)"
	}
	statements := []string{
		"delete from lake.identity.login as l where l.identity_key in (select m.identity_key from temp.member as m where m.is_described_anew) or " + gone,
		`insert into lake.identity.login (identity_key, component, instance_no, company_key, is_customer, is_bot, is_linkable)
select l.identity_key, m.component, l.instance_no, l.company_key, l.is_customer, l.is_bot, l.is_linkable
from temp.login as l
inner join temp.member as m on m.identity_key = l.identity_key
where m.is_described_anew`,
		// People of earlier builds that have no row yet are known by a login that they
		// had, and whoever lost the login that he was known by by another one.
		`create or replace temp table ended as
with
known as (
    select q.person_id, q.anchor_identity_id, q.created_at, q.build_id from lake.identity.person as q
    union all
    select f.person_id, f.anchor_identity_id, f.created_at, null as build_id from temp.former as f where not f.is_kept
)

select k.* replace (case when m.identity_id is null then c.label_id else k.anchor_identity_id end as anchor_identity_id)
from known as k
inner join temp.cluster as c on c.person_id = k.person_id
left join temp.member as m on m.person_id = k.person_id and m.identity_id = k.anchor_identity_id
where m.identity_id is null or k.person_id in (select f.person_id from temp.former as f where not f.is_kept)`,
		"delete from lake.identity.person as q using temp.ended as e where e.person_id = q.person_id",
		fmt.Sprintf(`insert into lake.identity.person (person_id, anchor_identity_id, created_at, build_id)
select e.person_id, e.anchor_identity_id, e.created_at, e.build_id from temp.ended as e
union all
select f.person_id, f.anchor_identity_id, f.created_at, null
from temp.former as f
where not f.is_kept and f.person_id not in (select c.person_id from temp.cluster as c)
union all
select c.person_id, c.label_id, %s, %s from temp.cluster as c where c.is_new`, now, build),
	}
	if !isChanged {
		return statements
	}
	return append(statements,
		fmt.Sprintf(`insert into lake.identity.person_merge (merged_person_id, surviving_person_id, merged_at, method, build_id)
select f.person_id, c.person_id, %s, 'resolver', %s
from temp.redirected as d
inner join temp.former as f on f.person_key = d.former_key
inner join temp.cluster as c on c.label_key = d.label_key`, now, build),
		fmt.Sprintf(`insert into lake.identity.person_event (event, person_id, other_person_id, identity_id, actor, reason, happened_at, build_id)
select 'merged', f.person_id, c.person_id, null, 'resolver', null, %[1]s, %[2]s
from temp.redirected as d
inner join temp.former as f on f.person_key = d.former_key
inner join temp.cluster as c on c.label_key = d.label_key
union all
select 'split', c.person_id, min(m.former_id), null, 'resolver', null, %[1]s, %[2]s
from temp.cluster as c
inner join temp.member as m on m.person_id = c.person_id
where c.is_new and m.former_id is not null
group by c.person_id
union all
select 'linked', m.person_id, m.former_id, m.identity_id, 'resolver', null, %[1]s, %[2]s
from temp.member as m
where m.former_id <> m.person_id`, now, build))
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
