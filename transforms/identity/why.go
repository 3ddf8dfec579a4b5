package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Step is one link on the way from a login to another.
type Step struct {
	From, To         string
	Rule             string // email, subject, merge, reference, decided
	Value            string // the address or subject, in clear
	Tier             int
	FromSays, ToSays *Said // whose words it rests on; nil where it was said outright
	Decision         *Decision
}

// Said is one observation behind a link.
type Said struct {
	Record, AssertedBy string
	Trust              Trust
	SeenFrom           *time.Time
	SeenUntil          *time.Time
}

// errApart says that two logins are not one person.
var errApart = errors.New("they are not one person")

// Why gives the shortest way of evidence between two logins of one person, of
// equals the strongest.
func Why(ctx context.Context, db Reader, a, b string) ([]Step, error) {
	same, err := texts(ctx, db, `select p.person_id from lake.identity.person_identity as p
inner join lake.identity.person_identity as q on q.person_id = p.person_id and q.unlinked_at is null
where p.identity_id = ? and q.identity_id = ? and p.unlinked_at is null`, a, b)
	if err != nil {
		return nil, err
	}
	if len(same) == 0 {
		return nil, errApart
	}
	steps, err := stepsOf(ctx, db, same[0])
	if err != nil {
		return nil, err
	}
	return shortest(steps, a, b), nil
}

// shortest goes breadth first, stronger steps first.
func shortest(steps []Step, a, b string) []Step {
	slices.SortFunc(steps, func(x, y Step) int {
		return cmp.Or(cmp.Compare(x.Tier, y.Tier), cmp.Compare(x.To, y.To), cmp.Compare(x.Value, y.Value))
	})
	came := map[string]*Step{a: nil}
	for reached := []string{a}; len(reached) > 0; reached = reached[1:] {
		for i, step := range steps {
			if _, known := came[step.To]; step.From != reached[0] || known {
				continue
			}
			came[step.To] = &steps[i]
			reached = append(reached, step.To)
		}
	}
	var way []Step
	for at := b; came[at] != nil; at = came[at].From {
		way = append(way, *came[at])
	}
	slices.Reverse(way)
	return way
}

// stepsOf lists the links among a person's logins, each in both directions.
func stepsOf(ctx context.Context, db Reader, personID string) ([]Step, error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf(selectSteps, fmt.Sprintf(selectEnds, "lake.identity.observation"), recycleDays), personID)
	if err != nil {
		return nil, err
	}
	var steps []Step
	for rows.Next() {
		s := Step{FromSays: &Said{}, ToSays: &Said{}}
		if err := rows.Scan(&s.From, &s.To, &s.Rule, &s.Value, &s.Tier, &s.FromSays.Record, &s.FromSays.AssertedBy, &s.FromSays.Trust, &s.FromSays.SeenFrom, &s.FromSays.SeenUntil,
			&s.ToSays.Record, &s.ToSays.AssertedBy, &s.ToSays.Trust, &s.ToSays.SeenFrom, &s.ToSays.SeenUntil); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		steps = append(steps, s)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	return outright(ctx, db, personID, steps)
}

// outright adds what was said outright: merges, references and decisions.
func outright(ctx context.Context, db Reader, personID string, steps []Step) ([]Step, error) {
	rows, err := db.QueryContext(ctx, `with
logins as (
    select p.identity_id, p.identity_key from lake.identity.person_identity as p where p.person_id = ? and p.unlinked_at is null
)

select a.identity_id, b.identity_id, o.id_type, o.record, o.trust, o.seen_from, '', '', ''
from logins as a
inner join lake.identity.observation as o on o.identity_key = a.identity_key and o.id_type in ('merge', 'reference') and o.trust > 1
inner join logins as b on b.identity_key = o.value_key
union all
select a.identity_id, b.identity_id, 'decided', '', 3, d.decided_at, d.decision_id, d.actor, d.reason
from lake.identity.decision as d
inner join logins as a on a.identity_id = d.identity_id
inner join logins as b on b.identity_id = d.other_identity_id
where d.verb = 'same'`, personID)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var s Step
		var said Said
		var d Decision
		var at *time.Time
		if err := rows.Scan(&s.From, &s.To, &s.Rule, &said.Record, &said.Trust, &at, &d.ID, &d.Actor, &d.Reason); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		if said.SeenFrom = at; d.ID != "" {
			d.Verb, d.A, d.B, d.Decided = "same", s.From, s.To, *at
			s.Decision = &d
		} else {
			s.FromSays = &said
		}
		back := s
		back.From, back.To, back.FromSays, back.ToSays = s.To, s.From, s.ToSays, s.FromSays
		steps = append(steps, s, back)
	}
	return steps, errors.Join(rows.Err(), rows.Close())
}

// An Obstacle is something that keeps two people apart.
type Obstacle struct {
	Kind   string // consent, decision, refusal, class, trust, suggestion, or none: they share nothing
	Login  string
	Other  string
	Value  string // in clear
	Detail string // rule, class with its reason, who decided, or strength
}

// WhyNot lists what keeps the people of two logins apart, the strictest first.
func WhyNot(ctx context.Context, db Reader, a, b string) ([]Obstacle, error) {
	rows, err := db.QueryContext(ctx, whyNot, a, b)
	if err != nil {
		return nil, err
	}
	var obstacles []Obstacle
	for rows.Next() {
		var o Obstacle
		var order int
		if err := rows.Scan(&order, &o.Kind, &o.Login, &o.Other, &o.Value, &o.Detail); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		obstacles = append(obstacles, o)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	if len(obstacles) == 0 {
		obstacles = []Obstacle{{Kind: "none", Login: a, Other: b, Detail: fmt.Sprintf("%s and %s share no address, subject or statement", a, b)}}
	}
	return obstacles, nil
}

const whyNot = `with
one as (
    select p.* from lake.identity.person_identity as p
    where p.unlinked_at is null and p.person_id in (select q.person_id from lake.identity.person_identity as q where q.identity_id = ? and q.unlinked_at is null)
),

other as (
    select p.* from lake.identity.person_identity as p
    where p.unlinked_at is null and p.person_id in (select q.person_id from lake.identity.person_identity as q where q.identity_id = ? and q.unlinked_at is null)
),

pairs as (
    select a.identity_id, b.identity_id as other_id from one as a cross join other as b
    union all
    select b.identity_id, a.identity_id from one as a cross join other as b
),

shared as (
    select distinct a.identity_id, b.identity_id as other_id, v.norm, v.class, v.reason, o.trust, q.trust as other_trust
    from one as a
    inner join lake.identity.observation as o on o.identity_key = a.identity_key
    inner join lake.identity.observation as q on q.value_key = o.value_key
    inner join other as b on b.identity_key = q.identity_key
    inner join lake.vault.value as v on v.value_key = o.value_key and v.id_type in ('email', 'subject')
)

select 1 as place, 'decision' as kind, p.identity_id, p.other_id, '' as value, d.decision_id || ' of ' || d.actor || ': ' || d.reason as detail
from pairs as p inner join lake.identity.decision as d on d.verb = 'not_same' and d.identity_id = p.identity_id and d.other_identity_id = p.other_id
union all
select 2, 'consent', l.identity_id, '', '', 'its owner has not agreed that it is linked'
from (from one union all from other) as l where not coalesce(l.is_linkable, true)
union all
select 3, 'refusal', p.identity_id, p.other_id, coalesce(v.norm, ''), r.rule
from pairs as p
inner join lake.identity.refusal as r on r.identity_id = p.identity_id and r.other_identity_id = p.other_id
left join lake.vault.value as v on v.value_key = r.value_key
union all
select 4, 'class', s.identity_id, s.other_id, s.norm, s.class || coalesce(': ' || s.reason, '') from shared as s where s.class <> 'unique'
union all
select 5, 'trust', s.identity_id, s.other_id, s.norm, 'nobody but the logins says that the address is theirs' from shared as s where s.class = 'unique' and s.trust = 1 and s.other_trust = 1
union all
select 6, 'suggestion', p.identity_id, p.other_id, coalesce(v.norm, ''), s.rule || case when s.rule = 'similar' then ', strength ' || printf('%.1f', s.strength) else '' end
from pairs as p
inner join lake.identity.suggestion as s on s.identity_id = p.identity_id and s.other_identity_id = p.other_id
left join lake.vault.value as v on v.value_key = s.value_key
order by all`
