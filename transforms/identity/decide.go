package identity

import (
	"context"
	"errors"
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
// What one has decided already stays that one, so that to undo it undoes it.
func (by Deciding) decide(ctx context.Context, tx *warehouse.Tx, verb string, as, bs []string) (Decision, error) {
	settled, err := decidedAlready(ctx, tx, verb, as, bs)
	if err != nil {
		return Decision{}, err
	}
	if settled != nil {
		return *settled, nil
	}
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

// decidedAlready finds the one decision that says of all these pairs what a new
// one would; nil: there is none.
func decidedAlready(ctx context.Context, tx *warehouse.Tx, verb string, as, bs []string) (*Decision, error) {
	return firstDecision(ctx, tx, `with
pairs as (
    select a.id as identity_id, b.id as other_identity_id
    from (select unnest(?::varchar[]) as id) as a
    cross join (select unnest(?::varchar[]) as id) as b
)

select `+columnsOfDecision+`
from lake.identity.decision as d
inner join pairs as p
    on p.identity_id = d.identity_id and p.other_identity_id = d.other_identity_id
    or p.identity_id = d.other_identity_id and p.other_identity_id = d.identity_id
where d.verb = ?
qualify count(*) over (partition by d.decision_id) = (select count(*) from pairs)
order by d.decided_at, d.decision_id, d.identity_id, d.other_identity_id
limit 1`, as, bs, verb)
}

// firstDecision reads the decision that a query finds first; nil: none.
func firstDecision(ctx context.Context, tx *warehouse.Tx, query string, args ...any) (*Decision, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var first *Decision
	if rows.Next() {
		first = &Decision{}
		err = rows.Scan(&first.ID, &first.Verb, &first.A, &first.B, &first.Actor, &first.Reason, &first.Decided)
	}
	return first, errors.Join(err, rows.Err(), rows.Close())
}

// DecidedOf lists what a decision names: logins, or orgs.
func DecidedOf(ctx context.Context, db Reader, decisionID string) ([]string, error) {
	return texts(ctx, db, `select distinct unnest([d.identity_id, d.other_identity_id]) as named
from lake.identity.decision as d
where d.decision_id = ?
order by named`, decisionID)
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

// columnsOfDecision are those of a [Decision], of the rows d.
const columnsOfDecision = "d.decision_id, d.verb, d.identity_id, d.other_identity_id, d.actor, d.reason, d.decided_at"

// against finds a decision that a new one would contradict.
func against(ctx context.Context, tx *warehouse.Tx, verb, a, b string) (*Decision, error) {
	prefix := strings.TrimSuffix(strings.TrimSuffix(verb, "same"), "not_")
	same, notSame := literal(prefix+"same"), literal(prefix+"not_same")
	if verb == prefix+"same" {
		return keepingApart(ctx, tx, same, notSame, a, b)
	}
	return tying(ctx, tx, same, a, b)
}

// keepingApart finds a decision between what decisions tie to one and what they
// tie to the other.
func keepingApart(ctx context.Context, tx *warehouse.Tx, same, notSame, a, b string) (*Decision, error) {
	const tied = `%[1]s as (
    select ? as identity_id
    union
    select case when d.identity_id = t.identity_id then d.other_identity_id else d.identity_id end
    from lake.identity.decision as d
    inner join %[1]s as t on t.identity_id in (d.identity_id, d.other_identity_id)
    where d.verb = %[2]s
)`
	return firstDecision(ctx, tx, "with recursive "+fmt.Sprintf(tied, "one", same)+", "+fmt.Sprintf(tied, "other", same)+`
select `+columnsOfDecision+`
from lake.identity.decision as d
where d.verb = `+notSame+`
    and (d.identity_id in (select o.identity_id from one as o) and d.other_identity_id in (select o.identity_id from other as o)
        or d.identity_id in (select o.identity_id from other as o) and d.other_identity_id in (select o.identity_id from one as o))
order by d.decided_at, d.decision_id
limit 1`, a, b)
}

// tying finds the decision with which a way of decisions from one to the other
// begins: a way that does not come back to where it began.
func tying(ctx context.Context, tx *warehouse.Tx, same, a, b string) (*Decision, error) {
	return firstDecision(ctx, tx, `with recursive ties as (
    select d.decision_id, d.identity_id, d.other_identity_id as next_id from lake.identity.decision as d where d.verb = `+same+`
    union all
    select d.decision_id, d.other_identity_id, d.identity_id from lake.identity.decision as d where d.verb = `+same+`
),

way as (
    select ?::varchar as identity_id, cast(null as varchar) as decision_id
    union
    select t.next_id, coalesce(w.decision_id, t.decision_id)
    from way as w
    inner join ties as t on t.identity_id = w.identity_id
    where t.next_id <> ?
)

select `+columnsOfDecision+`
from lake.identity.decision as d
inner join way as w on w.decision_id = d.decision_id
where d.verb = `+same+` and w.identity_id = ?
order by d.decided_at, d.decision_id
limit 1`, a, a, b)
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
