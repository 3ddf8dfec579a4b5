package identity

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"rollcall/internal/warehouse"
)

// A Decision is what somebody decided of logins: that they are one person, or
// that they are not. A split is several rows of one id.
type Decision struct {
	ID      string    `json:"decision_id"`
	Verb    string    `json:"verb"` // same, not_same; of orgs account_same, account_not_same
	A       string    `json:"identity_id"`
	B       string    `json:"other_identity_id"`
	Actor   string    `json:"actor"`
	Reason  string    `json:"reason"`
	Decided time.Time `json:"decided_at"`
}

// An AgainstError is a decision that contradicts an earlier one.
type AgainstError struct{ Earlier Decision }

func (e *AgainstError) Error() string {
	d := e.Earlier
	verb := map[string]string{"same": "are one person", "not_same": "are not one person",
		"account_same": "are one company", "account_not_same": "are not one company"}[d.Verb]
	return fmt.Sprintf("decision %s of %s by %s says that %s and %s %s (%s): undo it first", d.ID, d.Decided.Format(time.DateOnly), d.Actor, d.A, d.B, verb, d.Reason)
}

// A Deciding is who decides, why and when.
type Deciding struct {
	Actor, Reason string
	Now           time.Time
}

// Merge decides that two logins are one person, for good: no guard keeps them
// apart. People follow at the next [Resolve].
func Merge(ctx context.Context, tx *warehouse.Tx, a, b string, by Deciding) (Decision, error) {
	if a == b {
		return Decision{}, fmt.Errorf("%s is one login", a)
	}
	return by.decide(ctx, tx, "same", []string{a}, []string{b})
}

// Split decides that logins are not the person of others: each of those that
// leave is kept from each that stays.
func Split(ctx context.Context, tx *warehouse.Tx, leaving, staying []string, by Deciding) (Decision, error) {
	if len(leaving) == 0 || len(staying) == 0 {
		return Decision{}, fmt.Errorf("a split needs logins that leave and logins that stay")
	}
	return by.decide(ctx, tx, "not_same", leaving, staying)
}

// MergeAccounts decides that two orgs are one company. Accounts follow with the
// next build.
func MergeAccounts(ctx context.Context, tx *warehouse.Tx, a, b string, by Deciding) (Decision, error) {
	if a == b {
		return Decision{}, fmt.Errorf("%s is one org", a)
	}
	return by.decide(ctx, tx, "account_same", []string{a}, []string{b})
}

// SplitAccounts decides that orgs are not the company of others.
func SplitAccounts(ctx context.Context, tx *warehouse.Tx, leaving, staying []string, by Deciding) (Decision, error) {
	if len(leaving) == 0 || len(staying) == 0 {
		return Decision{}, fmt.Errorf("a split needs orgs that leave and orgs that stay")
	}
	return by.decide(ctx, tx, "account_not_same", leaving, staying)
}

// decide writes the rows of one decision, unless an earlier one is against it.
// What one has decided already stays that one, so that to undo it undoes it.
func (by Deciding) decide(ctx context.Context, tx *warehouse.Tx, verb string, as, bs []string) (Decision, error) {
	earlier, err := readRulings(ctx, tx)
	if err != nil {
		return Decision{}, err
	}
	d, rows, err := by.rule(earlier, verb, as, bs)
	if err != nil || len(rows) == 0 {
		return d, err
	}
	return d, writeDecisions(ctx, tx, rows)
}

// rule gives the decision on these pairs and its rows; none: it stands already.
func (by Deciding) rule(earlier *rulings, verb string, as, bs []string) (d Decision, rows []Decision, err error) {
	if same := earlier.already(verb, as, bs); same != nil {
		return *same, nil, nil
	}
	d = Decision{ID: uuid.Must(uuid.NewV7()).String(), Verb: verb, A: as[0], B: bs[0], Actor: by.Actor, Reason: by.Reason, Decided: by.Now.UTC()}
	for _, a := range as {
		for _, b := range bs {
			if against := earlier.against(verb, a, b); against != nil {
				return d, nil, &AgainstError{*against}
			}
			row := d
			row.A, row.B = a, b
			rows = append(rows, row)
		}
	}
	for _, row := range rows {
		earlier.add(row)
	}
	return d, rows, nil
}

// writeDecisions stores decisions in one go, since a transaction of many small
// inserts takes a block of memory for each.
func writeDecisions(ctx context.Context, tx *warehouse.Tx, rows []Decision) error {
	err := tx.Append(ctx, "identity", "decision", func(row func(...driver.Value) error) error {
		for _, d := range rows {
			if err := row(d.ID, d.Verb, d.A, d.B, d.Actor, d.Reason, d.Decided); err != nil {
				return err
			}
		}
		return nil
	})
	var ids []string
	for _, d := range rows {
		ids = append(ids, d.ID)
	}
	ids = slices.Compact(ids)
	if err != nil {
		return err
	}
	if err := reconsider(ctx, tx, ids); err != nil {
		return err
	}
	return tx.Exec(ctx, `insert into lake.identity.person_event (event, identity_id, actor, reason, happened_at)
select distinct 'decided', unnest([d.identity_id, d.other_identity_id]), d.actor, d.reason, d.decided_at
from lake.identity.decision as d
where d.decision_id in (select unnest(?::varchar[]))`, ids)
}

// reconsider has the logins of decisions looked at again.
func reconsider(ctx context.Context, tx *warehouse.Tx, ids []string) error {
	return tx.Exec(ctx, `insert into lake.identity.pending (identity_id)
select distinct unnest([d.identity_id, d.other_identity_id]) from lake.identity.decision as d where d.decision_id in (select unnest(?::varchar[]))`, ids)
}

// DecidedOf lists what a decision names: logins, or orgs.
func DecidedOf(ctx context.Context, db Reader, decisionID string) ([]string, error) {
	return texts(ctx, db, `select distinct unnest([d.identity_id, d.other_identity_id]) as named
from lake.identity.decision as d
where d.decision_id = ?
order by named`, decisionID)
}

// An UnknownDecision is the id of no decision.
type UnknownDecision struct{ ID string }

func (e *UnknownDecision) Error() string { return "there is no decision " + e.ID }

// Undo takes a decision back: its rows go, and an event remembers it.
func Undo(ctx context.Context, tx *warehouse.Tx, decisionID string, by Deciding) error {
	var rows int64
	if err := scanOne(ctx, tx, "select count(*) from lake.identity.decision as d where d.decision_id = "+literal(decisionID), &rows); err != nil {
		return err
	}
	if rows == 0 {
		return &UnknownDecision{decisionID}
	}
	if err := reconsider(ctx, tx, []string{decisionID}); err != nil {
		return err
	}
	if err := tx.Exec(ctx, `insert into lake.identity.person_event (event, identity_id, actor, reason, happened_at)
select distinct 'undone', unnest([d.identity_id, d.other_identity_id]), ?, ?, cast(? as timestamp)
from lake.identity.decision as d
where d.decision_id = ?`, by.Actor, by.Reason, by.Now.UTC(), decisionID); err != nil {
		return err
	}
	return tx.Exec(ctx, "delete from lake.identity.decision where decision_id = ?", decisionID)
}
