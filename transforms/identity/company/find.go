package company

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// A Reader runs selects; tables are named with the lake's catalog.
type Reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// An Account is a company as somebody looks at it.
type Account struct {
	ID      string   `json:"account_id"`
	Names   string   `json:"names,omitempty"`   // of its orgs, comma-joined
	Domains string   `json:"domains,omitempty"` // comma-joined
	Orgs    []string `json:"orgs"`
}

// An UnknownError is a text that is no org, account, domain or name of a company.
type UnknownError struct{ Text string }

func (e *UnknownError) Error() string {
	return e.Text + " is no org id, account id, domain or name of a company that is known"
}

// An AmbiguousError is a name of several companies.
type AmbiguousError struct {
	Text     string
	Accounts []Account
}

func (e *AmbiguousError) Error() string {
	var list []string
	for _, a := range e.Accounts {
		list = append(list, fmt.Sprintf("%s (%s)", a.ID, strings.Join(a.Orgs, ", ")))
	}
	return fmt.Sprintf("%s names %d companies: name one of %s", e.Text, len(list), strings.Join(list, ", "))
}

// One gives the company that an org id, an account id of now or before, a domain
// or a name means, and the org by which a decision names it: the text, if it is
// an org's id, else the first org. A text that means none is an
// [*UnknownError], one that means several an [*AmbiguousError].
func One(ctx context.Context, db Reader, text string) (Account, string, error) {
	found, err := find(ctx, db, strings.TrimSpace(text))
	switch {
	case err != nil:
		return Account{}, "", err
	case len(found) == 0:
		return Account{}, "", &UnknownError{text}
	case len(found) > 1:
		return Account{}, "", &AmbiguousError{text, found}
	}
	for _, org := range found[0].Orgs {
		if org == strings.TrimSpace(text) {
			return found[0], org, nil
		}
	}
	return found[0], found[0].Orgs[0], nil
}

func find(ctx context.Context, db Reader, text string) (found []Account, err error) {
	rows, err := db.QueryContext(ctx, `with recursive
led as (
    select $1 as account_id
    union
    select m.surviving_account_id from lake.identity.account_merge as m inner join led as l on l.account_id = m.merged_account_id
),

meant as (
    select s.account_id from lake.identity.account_source as s where s.unlinked_at is null and s.org_id = $1
    union
    select l.account_id from led as l
    union
    select d.account_id from lake.identity.account_domain as d where d.valid_to is null and d.domain = lower($1)
    union
    select s.account_id
    from lake.staging.org as o
    inner join lake.identity.account_source as s on s.org_id = o.org_id and s.unlinked_at is null
    where lower(o.name) = lower($1)
),

names as (
    select s.account_id, string_agg(distinct o.name, ', ' order by o.name) as names
    from lake.staging.org as o
    inner join lake.identity.account_source as s on s.org_id = o.org_id and s.unlinked_at is null
    where o.name is not null
    group by s.account_id
),

domains as (
    select d.account_id, string_agg(distinct d.domain, ', ' order by d.domain) as domains
    from lake.identity.account_domain as d
    where d.valid_to is null
    group by d.account_id
)

select s.account_id, coalesce(any_value(n.names), ''), coalesce(any_value(d.domains), ''), string_agg(s.org_id, chr(10) order by s.org_id)
from lake.identity.account_source as s
inner join meant as m on m.account_id = s.account_id
left join names as n on n.account_id = s.account_id
left join domains as d on d.account_id = s.account_id
where s.unlinked_at is null
group by s.account_id
order by s.account_id`, text)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var a Account
		var orgs string
		if err := rows.Scan(&a.ID, &a.Names, &a.Domains, &orgs); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		a.Orgs = strings.Split(orgs, "\n")
		found = append(found, a)
	}
	return found, errors.Join(rows.Err(), rows.Close())
}

// A Pair is two orgs that may be one company, for a person to decide.
type Pair struct {
	Org       string `json:"org_id"`
	Name      string `json:"name,omitempty"`
	OtherOrg  string `json:"other_org_id"`
	OtherName string `json:"other_name,omitempty"`
	Reason    string `json:"reason"` // name, or domain and which
}

// Review lists the suggestions that are open; limit 0: all.
func Review(ctx context.Context, db Reader, limit int) (pairs []Pair, err error) {
	query := `with names as (
    select o.org_id, min(o.name) as name from lake.staging.org as o where o.name is not null group by o.org_id
)

select s.org_id, coalesce(n.name, ''), s.other_org_id, coalesce(m.name, ''), s.reason
from lake.identity.account_suggestion as s
inner join lake.identity.account_source as a on a.org_id = s.org_id and a.unlinked_at is null
inner join lake.identity.account_source as b on b.org_id = s.other_org_id and b.unlinked_at is null
left join names as n on n.org_id = s.org_id
left join names as m on m.org_id = s.other_org_id
where a.account_id <> b.account_id
order by s.org_id, s.other_org_id, s.reason`
	if limit > 0 {
		query += fmt.Sprintf("\nlimit %d", limit)
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var p Pair
		if err := rows.Scan(&p.Org, &p.Name, &p.OtherOrg, &p.OtherName, &p.Reason); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		pairs = append(pairs, p)
	}
	return pairs, errors.Join(rows.Err(), rows.Close())
}
