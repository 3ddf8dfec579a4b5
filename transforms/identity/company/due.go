package company

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// IsDue reports whether accounts are to be resolved although staging did not
// change: somebody decided or undid something, or the configuration says
// otherwise what an instance is or which domains are ours.
func IsDue(ctx context.Context, conn *sql.Conn, o Options) (bool, error) {
	var decisions, before sql.NullString
	err := conn.QueryRowContext(ctx, "select ("+decided+"), (select max(s.fingerprint) from lake.identity.account_solved as s)").Scan(&decisions, &before)
	return err == nil && before.String != o.fingerprint(decisions.String), err
}

// decided is a select of all decisions about companies, as one text.
const decided = `select string_agg(d.verb || ' ' || d.identity_id || ' ' || d.other_identity_id, chr(10)
    order by d.verb, d.identity_id, d.other_identity_id)
from lake.identity.decision as d where d.verb in ('account_same', 'account_not_same')`

func (o Options) fingerprint(decisions string) string {
	own := slices.Sorted(slices.Values(o.OwnDomains))
	kinds, err := json.Marshal(o.Kinds) // keys are sorted
	if err != nil {
		panic(err) // a map of words
	}
	const rules = "v2" // of solving: others resolve anew
	sum := sha256.Sum256([]byte(strings.Join([]string{rules, decisions, string(kinds), strings.Join(own, " ")}, "\x00")))
	return hex.EncodeToString(sum[:])
}

// keepRules remembers by what accounts were resolved, where that is new.
func (r *resolver) keepRules(ctx context.Context) error {
	var decisions, before sql.NullString
	err := r.each(ctx, "select ("+decided+"), (select max(s.fingerprint) from lake.identity.account_solved as s)", func(scan func(...any) error) error {
		return scan(&decisions, &before)
	})
	print := r.fingerprint(decisions.String)
	if err != nil || before.String == print {
		return err
	}
	if err := r.tx.Exec(ctx, "delete from lake.identity.account_solved"); err != nil {
		return err
	}
	return r.tx.Exec(ctx, "insert into lake.identity.account_solved values (?, ?)", print, r.BuildID)
}
