package identity

import (
	"context"
	"fmt"
	"time"
)

// A File is what is known around a person: what became of earlier ids, what
// keeps others away, and what somebody decided.
type File struct {
	Former    []Former   `json:"former,omitempty"`
	Accounts  []Employer `json:"accounts,omitempty"` // as of the last build
	Refused   []Refused  `json:"refused,omitempty"`
	Decisions []Decision `json:"decisions,omitempty"`
	Suggested int64      `json:"suggested"` // open suggestions
}

// A Former is a person that went up in this one.
type Former struct {
	ID     string    `json:"person_id"`
	Merged time.Time `json:"merged_at"`
	Method string    `json:"method"`
}

// An Employer is a company that the person belongs to over a time.
type Employer struct {
	ID        string     `json:"account_id"`
	Name      string     `json:"name,omitempty"`
	Method    string     `json:"method"`
	IsPrimary bool       `json:"is_primary"`
	From      *time.Time `json:"valid_from,omitempty"`
	Until     *time.Time `json:"valid_to,omitempty"`
}

// A Refused is a link that a rule forbade.
type Refused struct {
	Login string `json:"identity_id"`
	Other string `json:"other_identity_id,omitempty"`
	Rule  string `json:"rule"`
	Value string `json:"value,omitempty"`
}

// FileOf gathers what is known around a person.
func FileOf(ctx context.Context, db Reader, personID string) (File, error) {
	var f File
	for _, read := range []struct {
		query string
		row   func(scan func(...any) error) error
	}{
		{`with recursive into_this as (
    select m.* from lake.identity.person_merge as m where m.surviving_person_id = %[1]s
    union
    select m.* from lake.identity.person_merge as m inner join into_this as t on m.surviving_person_id = t.merged_person_id
)
select t.merged_person_id, t.merged_at, t.method from into_this as t order by t.merged_at, t.merged_person_id`, f.addFormer},
		{`select a.account_id, coalesce(c.name, ''), a.method, a.is_primary, a.valid_from, a.valid_to
from marts.core.person_account as a left join marts.core.account as c on c.account_id = a.account_id
where a.person_id = %[1]s order by a.valid_from nulls first, a.account_id`, f.addEmployer},
		{`select r.identity_id, coalesce(r.other_identity_id, ''), r.rule, coalesce(v.norm, '')
from lake.identity.refusal as r
inner join lake.identity.person_identity as p on p.identity_id = r.identity_id and p.unlinked_at is null
left join lake.vault.value as v on v.value_key = r.value_key
where p.person_id = %[1]s order by all`, f.addRefused},
		{`select distinct d.decision_id, d.verb, d.identity_id, d.other_identity_id, d.actor, d.reason, d.decided_at
from lake.identity.decision as d
inner join lake.identity.person_identity as p on p.identity_id in (d.identity_id, d.other_identity_id) and p.unlinked_at is null
where p.person_id = %[1]s order by 7, 1, 3, 4`, f.addDecision},
		{`select count(*) from lake.identity.suggestion as s
inner join lake.identity.person_identity as a on a.identity_id = s.identity_id and a.unlinked_at is null
inner join lake.identity.person_identity as b on b.identity_id = s.other_identity_id and b.unlinked_at is null
where a.person_id <> b.person_id and %[1]s in (a.person_id, b.person_id)`, func(scan func(...any) error) error { return scan(&f.Suggested) }},
	} {
		if err := readRows(ctx, db, fmt.Sprintf(read.query, literal(personID)), read.row); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f *File) addFormer(scan func(...any) error) error {
	var row Former
	err := scan(&row.ID, &row.Merged, &row.Method)
	f.Former = append(f.Former, row)
	return err
}

func (f *File) addEmployer(scan func(...any) error) error {
	var row Employer
	err := scan(&row.ID, &row.Name, &row.Method, &row.IsPrimary, &row.From, &row.Until)
	f.Accounts = append(f.Accounts, row)
	return err
}

func (f *File) addRefused(scan func(...any) error) error {
	var row Refused
	err := scan(&row.Login, &row.Other, &row.Rule, &row.Value)
	f.Refused = append(f.Refused, row)
	return err
}

func (f *File) addDecision(scan func(...any) error) error {
	var row Decision
	err := scan(&row.ID, &row.Verb, &row.A, &row.B, &row.Actor, &row.Reason, &row.Decided)
	f.Decisions = append(f.Decisions, row)
	return err
}

// Decisions lists what was decided, the latest first; limit 0: all.
func Decisions(ctx context.Context, db Reader, limit int) ([]Decision, error) {
	var f File
	query := "select d.decision_id, d.verb, min(d.identity_id), min(d.other_identity_id), any_value(d.actor), any_value(d.reason), min(d.decided_at)\nfrom lake.identity.decision as d\ngroup by d.decision_id, d.verb\norder by 7 desc, 1 desc"
	if limit > 0 {
		query += fmt.Sprintf("\nlimit %d", limit)
	}
	err := readRows(ctx, db, query, f.addDecision)
	return f.Decisions, err
}
