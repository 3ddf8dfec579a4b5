package identity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"rollcall/transforms/identity/address"
)

// A Reader runs selects: a pool, or one connection of it. Tables are named with
// the lake's catalog.
type Reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// A Human is a person as somebody looks at it.
type Human struct {
	ID     string       `json:"person_id"`
	Asked  string       `json:"asked,omitempty"` // an id of before that leads here
	Logins []HumanLogin `json:"logins"`
}

// A HumanLogin is one login of a person, in clear.
type HumanLogin struct {
	ID         string     `json:"identity_id"`
	Names      string     `json:"names,omitempty"` // user and full names, comma-joined
	Addresses  string     `json:"addresses,omitempty"`
	Method     string     `json:"method"`
	Tier       *int       `json:"tier,omitempty"`
	Confidence float64    `json:"confidence"`
	IsLinkable bool       `json:"is_linkable"`
	LinkedAt   time.Time  `json:"linked_at"`
	UnlinkedAt *time.Time `json:"unlinked_at,omitempty"`
}

// An UnknownError is a text that is no login, person or address that is known.
type UnknownError struct{ Text string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("%s is no identity id, person id or address that is known", e.Text)
}

// Find gives the people behind an identity id, a person id, of now or before,
// or an address. Several people share an address that does not link. One that
// is not known is an [*UnknownError].
func Find(ctx context.Context, db Reader, text string) ([]Human, error) {
	ids, asked, err := peopleOf(ctx, db, strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, &UnknownError{text}
	}
	var people []Human
	for _, id := range ids {
		logins, err := loginsOf(ctx, db, "p.person_id = ? and p.unlinked_at is null", id)
		if err != nil {
			return nil, err
		}
		people = append(people, Human{ID: id, Asked: asked, Logins: logins})
	}
	return people, nil
}

// Members are the logins that belonged to a person at a moment.
func Members(ctx context.Context, db Reader, personID string, at time.Time) ([]HumanLogin, error) {
	return loginsOf(ctx, db, "p.person_id = ? and p.linked_at <= ? and (p.unlinked_at is null or p.unlinked_at > ?)", personID, at.UTC(), at.UTC())
}

func peopleOf(ctx context.Context, db Reader, text string) (ids []string, asked string, err error) {
	ids, err = texts(ctx, db, `select distinct p.person_id from lake.identity.person_identity as p
where p.unlinked_at is null and (p.identity_id = $1 or p.person_id = $1)`, text)
	if err != nil || len(ids) > 0 {
		return ids, "", err
	}
	ids, err = texts(ctx, db, `with recursive led as (
    select m.surviving_person_id as person_id from lake.identity.person_merge as m where m.merged_person_id = ?
    union
    select m.surviving_person_id from lake.identity.person_merge as m inner join led as l on l.person_id = m.merged_person_id
)
select distinct p.person_id from lake.identity.person_identity as p where p.unlinked_at is null and p.person_id in (select l.person_id from led as l)`, text)
	if err != nil || len(ids) > 0 {
		return ids, text, err
	}
	a, found := address.Parse(text)
	if !found {
		return nil, "", nil
	}
	ids, err = texts(ctx, db, `select distinct p.person_id
from lake.vault.value as v
inner join lake.identity.observation as o on o.value_key = v.value_key
inner join lake.identity.person_identity as p on p.identity_key = o.identity_key and p.unlinked_at is null
where `+valuesOf(a)+` order by 1`)
	return ids, "", err
}

func loginsOf(ctx context.Context, db Reader, where string, args ...any) ([]HumanLogin, error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf(`with
logins as (
    select p.* from lake.identity.person_identity as p where %s
),

names as (
    select s.identity_id, string_agg(distinct n.name, ', ' order by n.name) as names
    from lake.staging.identity as s, unnest([s.username, s.display_name]) as n(name)
    where s.identity_id in (select l.identity_id from logins as l) and n.name is not null
    group by s.identity_id
),

addresses as (
    select o.identity_key, string_agg(distinct v.norm, ', ' order by v.norm) as addresses
    from lake.identity.observation as o
    inner join lake.vault.value as v on v.value_key = o.value_key and v.id_type = 'email'
    where o.identity_key in (select l.identity_key from logins as l)
    group by o.identity_key
)

select l.identity_id, coalesce(n.names, ''), coalesce(a.addresses, ''), l.match_method, l.match_tier, coalesce(l.match_confidence, 1), coalesce(l.is_linkable, false), l.linked_at, l.unlinked_at
from logins as l
left join names as n on n.identity_id = l.identity_id
left join addresses as a on a.identity_key = l.identity_key
order by l.identity_id`, where), args...)
	if err != nil {
		return nil, err
	}
	var logins []HumanLogin
	for rows.Next() {
		var l HumanLogin
		if err := rows.Scan(&l.ID, &l.Names, &l.Addresses, &l.Method, &l.Tier, &l.Confidence, &l.IsLinkable, &l.LinkedAt, &l.UnlinkedAt); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		logins = append(logins, l)
	}
	return logins, errors.Join(rows.Err(), rows.Close())
}

// texts reads one column.
func texts(ctx context.Context, db Reader, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var list []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		list = append(list, text)
	}
	return list, errors.Join(rows.Err(), rows.Close())
}
