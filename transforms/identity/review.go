package identity

import (
	"context"
	"errors"
	"fmt"
)

// A Candidate is a pair of logins for a person to decide.
type Candidate struct {
	A, B        string
	Rule        string // all that suggest it, the strongest first
	Value       string // the address they share, in clear; "" where none
	Strength    float64
	Probability float64
	Evidence    string // of what is similar, as JSON; "" where an address is shared
	Left, Right HumanLogin
}

// Review lists the suggestions that are open, the strongest first; limit 0: all.
// Those between people who have become one since are done.
func Review(ctx context.Context, db Reader, limit int) ([]Candidate, error) {
	query := `with
pairs as (
    select least(s.identity_id, s.other_identity_id) as identity_id, greatest(s.identity_id, s.other_identity_id) as other_identity_id,
        s.rule, v.norm, s.strength, s.probability, s.evidence
    from lake.identity.suggestion as s
    left join lake.vault.value as v on v.value_key = s.value_key
)

select p.identity_id, p.other_identity_id, string_agg(p.rule, ', ' order by p.strength desc, p.rule), coalesce(max(p.norm), ''),
    max(p.strength), coalesce(max(p.probability), 0), coalesce(max(p.evidence), '')
from pairs as p
inner join lake.identity.person_identity as a on a.identity_id = p.identity_id and a.unlinked_at is null
inner join lake.identity.person_identity as b on b.identity_id = p.other_identity_id and b.unlinked_at is null
where a.person_id <> b.person_id
group by p.identity_id, p.other_identity_id
order by max(p.strength) desc, p.identity_id, p.other_identity_id`
	if limit > 0 {
		query += fmt.Sprintf("\nlimit %d", limit)
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	var list []Candidate
	for rows.Next() {
		var c Candidate
		if err := rows.Scan(&c.A, &c.B, &c.Rule, &c.Value, &c.Strength, &c.Probability, &c.Evidence); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		list = append(list, c)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(list) == 0 {
		return nil, err
	}
	return list, describeCandidates(ctx, db, list)
}

// describeCandidates adds what is known of both sides.
func describeCandidates(ctx context.Context, db Reader, list []Candidate) error {
	ids := map[string]HumanLogin{}
	for _, c := range list {
		ids[c.A], ids[c.B] = HumanLogin{}, HumanLogin{}
	}
	in := ""
	for _, id := range sortedKeys(ids) {
		in += ", " + literal(id)
	}
	logins, err := loginsOf(ctx, db, "p.unlinked_at is null and p.identity_id in ("+in[2:]+")")
	if err != nil {
		return err
	}
	for _, l := range logins {
		ids[l.ID] = l
	}
	for i := range list {
		list[i].Left, list[i].Right = ids[list[i].A], ids[list[i].B]
	}
	return nil
}

// Stats count people and what links them.
type Stats struct {
	People    int64
	Logins    int64
	InSeveral int64 // people with logins in two sources or more
	Linkable  int64 // logins whose consent allows to link them
	Open      int64 // suggestions
	Instances []InstanceStats
	Refusals  map[string]int64 // by rule
}

// InstanceStats count the logins of one instance.
type InstanceStats struct {
	Source, Name string
	Logins       int64
	Linkable     int64
	Matched      int64 // whose person has a login in another instance
}

// Count reads the numbers of who is who as of now.
func Count(ctx context.Context, db Reader) (Stats, error) {
	s := Stats{Refusals: map[string]int64{}}
	err := readRows(ctx, db, `with
people as (
    select p.person_id, count(*) as logins, count(distinct p.source || ':' || p.source_instance) as instances, count(*) filter (where p.is_linkable) as linkable
    from lake.identity.person_identity as p
    where p.unlinked_at is null
    group by p.person_id
)

select count(*), coalesce(sum(p.logins), 0)::bigint, count(*) filter (where p.instances > 1), coalesce(sum(p.linkable), 0)::bigint,
    (
        select count(distinct least(a.identity_id, b.identity_id) || ' ' || greatest(a.identity_id, b.identity_id))
        from lake.identity.suggestion as s
        inner join lake.identity.person_identity as a on a.identity_id = s.identity_id and a.unlinked_at is null
        inner join lake.identity.person_identity as b on b.identity_id = s.other_identity_id and b.unlinked_at is null
        where a.person_id <> b.person_id
    )
from people as p`, func(scan func(...any) error) error {
		return scan(&s.People, &s.Logins, &s.InSeveral, &s.Linkable, &s.Open)
	})
	if err != nil {
		return s, err
	}
	err = readRows(ctx, db, `with
present as (
    select p.person_id, p.source, p.source_instance, p.is_linkable from lake.identity.person_identity as p where p.unlinked_at is null
),

people as (
    select p.person_id, count(distinct p.source || ':' || p.source_instance) as instances from present as p group by p.person_id
)

select p.source, p.source_instance, count(*), count(*) filter (where p.is_linkable), count(*) filter (where q.instances > 1)
from present as p
inner join people as q on q.person_id = p.person_id
group by p.source, p.source_instance
order by p.source, p.source_instance`, func(scan func(...any) error) error {
		var i InstanceStats
		err := scan(&i.Source, &i.Name, &i.Logins, &i.Linkable, &i.Matched)
		s.Instances = append(s.Instances, i)
		return err
	})
	if err != nil {
		return s, err
	}
	return s, readRows(ctx, db, "select r.rule, count(*) from lake.identity.refusal as r group by r.rule", func(scan func(...any) error) error {
		var rule string
		var n int64
		err := scan(&rule, &n)
		s.Refusals[rule] = n
		return err
	})
}

// readRows calls visit with the scanner of every row.
func readRows(ctx context.Context, db Reader, query string, visit func(scan func(...any) error) error) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := visit(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}
