package identity

import (
	"context"
	"fmt"
	"strings"
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
func (by Deciding) decide(ctx context.Context, tx *warehouse.Tx, verb string, as, bs []string) (Decision, error) {
	d := Decision{ID: uuid.Must(uuid.NewV7()).String(), Verb: verb, A: as[0], B: bs[0], Actor: by.Actor, Reason: by.Reason, Decided: by.Now.UTC()}
	for _, a := range as {
		for _, b := range bs {
			earlier, err := against(ctx, tx, verb, a, b)
			if err != nil {
				return d, err
			}
			if earlier != nil {
				return d, &AgainstError{*earlier}
			}
			if err := tx.Exec(ctx, "insert into lake.identity.decision (decision_id, verb, identity_id, other_identity_id, actor, reason, decided_at) values (?, ?, ?, ?, ?, ?, ?)",
				d.ID, verb, a, b, d.Actor, d.Reason, d.Decided); err != nil {
				return d, err
			}
		}
	}
	return d, by.note(ctx, tx, "decided", d.ID)
}

// note has the logins of a decision looked at again, and remembers who did
// what.
func (by Deciding) note(ctx context.Context, tx *warehouse.Tx, event, decisionID string) error {
	if err := tx.Exec(ctx, `insert into lake.identity.pending (identity_id)
select distinct unnest([d.identity_id, d.other_identity_id]) from lake.identity.decision as d where d.decision_id = ?`, decisionID); err != nil {
		return err
	}
	return tx.Exec(ctx, `insert into lake.identity.person_event (event, identity_id, actor, reason, happened_at)
select distinct ?, unnest([d.identity_id, d.other_identity_id]), ?, ?, cast(? as timestamp) from lake.identity.decision as d where d.decision_id = ?`,
		event, by.Actor, by.Reason, by.Now.UTC(), decisionID)
}

// against finds a decision that a new one would contradict. That two logins are
// one contradicts that the logins which decisions tie to them are not.
func against(ctx context.Context, tx *warehouse.Tx, verb, a, b string) (*Decision, error) {
	var earlier *Decision
	const tied = `select ? as identity_id
    union
    select case when d.identity_id = t.identity_id then d.other_identity_id else d.identity_id end
    from lake.identity.decision as d
    inner join %[1]s as t on t.identity_id in (d.identity_id, d.other_identity_id)
    where d.verb = %[2]s`
	prefix := strings.TrimSuffix(strings.TrimSuffix(verb, "same"), "not_")
	same, notSame := literal(prefix+"same"), literal(prefix+"not_same")
	query := `with recursive one as (` + fmt.Sprintf(tied, "one", same) + `), other as (` + fmt.Sprintf(tied, "other", same) + `)
select d.decision_id, d.verb, d.identity_id, d.other_identity_id, d.actor, d.reason, d.decided_at
from lake.identity.decision as d
where d.verb = ` + notSame + `
    and (d.identity_id in (select o.identity_id from one as o) and d.other_identity_id in (select o.identity_id from other as o)
        or d.identity_id in (select o.identity_id from other as o) and d.other_identity_id in (select o.identity_id from one as o))
order by d.decided_at, d.decision_id limit 1`
	args := []any{a, b}
	if verb == prefix+"not_same" {
		query = `with recursive one as (` + fmt.Sprintf(tied, "one", same) + `)
select d.decision_id, d.verb, d.identity_id, d.other_identity_id, d.actor, d.reason, d.decided_at
from lake.identity.decision as d
where d.verb = ` + same + ` and ? in (select o.identity_id from one as o) and d.identity_id in (select o.identity_id from one as o)
order by d.decided_at, d.decision_id limit 1`
	}
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		earlier = &Decision{}
		if err := rows.Scan(&earlier.ID, &earlier.Verb, &earlier.A, &earlier.B, &earlier.Actor, &earlier.Reason, &earlier.Decided); err != nil {
			return nil, err
		}
	}
	return earlier, rows.Err()
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
	if err := by.note(ctx, tx, "undone", decisionID); err != nil {
		return err
	}
	return tx.Exec(ctx, "delete from lake.identity.decision where decision_id = ?", decisionID)
}
