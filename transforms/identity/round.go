package identity

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/warehouse"
)

// A Round is what one build knows before people are resolved.
type Round struct {
	BuildID string
	Now     time.Time
	Rules   Rules

	// Rows gives per shape the table with the rows of records that are read:
	// all of them, or those of changed records. Changes gives per shape the
	// table of rows that went and came, with added_rows; nil: everything is
	// read.
	Rows, Changes map[string]string
	NewLogins     string   // table of the logins (identity_id) that were never seen before; "": there are none
	Reread        []string // sources whose records are read by other rules than before
}

// Rules are what the configuration decides.
type Rules struct {
	NeedsGrant bool // a community's login is linked only by its own consent
	Instances  []InstanceRules
}

// InstanceRules are what is known of one configured instance.
type InstanceRules struct {
	Source, Name       string
	Trust              string // of its addresses: verified, staff or self
	IsCommunity, IsCRM bool
	AddressLogins      uint8 // as in [Instance]
}

// An Outcome is what resolving people changed.
type Outcome struct {
	IsChanged    bool  // some login is new, or belongs to somebody else, or another way
	Solved       int64 // logins that were looked at
	Moved        int64 // known logins that changed their person
	Refusals     int
	SuggestsAnew bool // other suggestions than before
}

// A round is a Round at work in the lake's transaction.
type round struct {
	Round
	tx       *warehouse.Tx
	compared bool // who looks alike was asked

	newcomers newcomers
	newValues bool // vault.value was empty before

	// Every login is solved again: everything is read, or so many are touched
	// that to pick them out would cost more.
	solvesAll bool
}

func (r *round) isWhole() bool { return r.Changes == nil }

// Resolve brings observations, values and people up to date in the lake's
// transaction. Without any change it writes nothing. [Offer] comes before.
func Resolve(ctx context.Context, tx *warehouse.Tx, build Round) (Outcome, error) {
	r := &round{Round: build, tx: tx}
	if err := r.begin(ctx); err != nil {
		return Outcome{}, err
	}
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"note instances", r.noteInstances}, {"find what changed", r.touch}, {"keep what records say", r.observe}, {"find what that reaches", r.reach}, {"describe logins", r.describe},
	} {
		if err := step.run(ctx); err != nil {
			return Outcome{}, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	outcome, err := r.solve(ctx)
	if err != nil {
		return outcome, err
	}
	return outcome, r.drop(ctx)
}

// IsDue reports whether people are to be resolved although no record changed:
// somebody decided or erased, a membership began or ended, or the rules are
// others.
func IsDue(ctx context.Context, conn *sql.Conn, rules Rules, now time.Time) (due bool, err error) {
	err = conn.QueryRowContext(ctx, `select exists (select 1 from lake.identity.pending)
    or coalesce((select max(s.fingerprint) from lake.identity.solved as s), '') <> ?
    or exists (select 1 from lake.identity.solved as s where s.due_at <= ?)`, rules.fingerprint(), now.UTC()).Scan(&due)
	return due, err
}

// begin reads everything where the rules are not those of the last time.
func (r *round) begin(ctx context.Context) error {
	before, err := r.text(ctx, "select coalesce(max(s.fingerprint), '') from lake.identity.solved as s")
	if err != nil {
		return err
	}
	if before != r.Rules.fingerprint() {
		r.Changes = nil
	}
	if r.isWhole() {
		for _, shape := range Shapes() {
			r.Rows[shape] = "lake.staging." + shape
		}
	}
	return r.keepKeys(ctx)
}

// keepKeys gives keys to the logins and people of earlier versions and of renamed
// instances, which have none yet.
func (r *round) keepKeys(ctx context.Context) error {
	for _, table := range []struct{ name, unkeyed, keys string }{
		{"person_identity", "t.identity_key is null or t.person_key is null", keyOf("t.identity_id") + " as identity_key, " + keyOf("t.person_id") + " as person_key"},
		{"person", "t.person_key is null or t.anchor_key is null and t.anchor_identity_id is not null", keyOf("t.person_id") + " as person_key, " + keyOf("t.anchor_identity_id") + " as anchor_key"},
	} {
		unkeyed, err := r.count(ctx, fmt.Sprintf("select count(*) from lake.identity.%s as t where %s", table.name, table.unkeyed))
		if err != nil {
			return err
		}
		if unkeyed == 0 {
			continue
		}
		if err := r.tx.Rewrite(ctx, "lake.identity."+table.name, table.keys, table.unkeyed); err != nil {
			return err
		}
	}
	return nil
}

// fingerprint changes with everything that decides who is who beside records
// and decisions.
func (rules Rules) fingerprint() string {
	list := []string{fmt.Sprint("v2 ", rules.NeedsGrant)}
	for _, i := range rules.Instances {
		list = append(list, fmt.Sprintf("%s:%s %s %t %t %d", i.Source, i.Name, i.Trust, i.IsCommunity, i.IsCRM, i.AddressLogins))
	}
	slices.Sort(list)
	return strings.Join(list, "\n") + "\n" + listVersions()
}

func (r *round) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if err := r.tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// largeTables are the work tables that may have a row for everything that is known,
// and their columns. [Offer] makes them, so that they are read on all threads.
func largeTables() map[string]string {
	return map[string]string{
		"observed": "record varchar, identity_key ubigint, value_key ubigint, id_type enum('email', 'subject', 'username', 'name', 'reference', 'merge'), trust tinyint, instance_no usmallint, " +
			"seen_from timestamp, seen_until timestamp, asserted_by varchar, text varchar, value_check ubigint, code uinteger",
		"first_text": "value_key ubigint, place bigint, is_collision boolean",
		"newcomer":   "identity_id varchar, identity_key ubigint",
		"login": "identity_key ubigint, instance_no usmallint, company_key ubigint, is_customer boolean, is_bot boolean, is_linkable boolean, " +
			"was_person ubigint, was_tier tinyint, was_linkable boolean, place bigint, was_component ubigint, is_described boolean",
	}
}

// refill puts what a select gives in the place of all rows of a large table.
func (r *round) refill(ctx context.Context, table, query string) error {
	return r.exec(ctx, fmt.Sprintf("create temp table if not exists %s (%s)", table, largeTables()[table]), "delete from temp."+table, "insert into temp."+table+"\n"+query)
}

func (r *round) text(ctx context.Context, query string) (text string, err error) {
	return text, scanOne(ctx, r.tx, query, &text)
}

func (r *round) count(ctx context.Context, query string) (n int64, err error) {
	return n, scanOne(ctx, r.tx, query, &n)
}

// now is the build's time as SQL.
func (r *round) now() string {
	return "timestamp " + literal(r.Now.UTC().Format("2006-01-02 15:04:05.999999"))
}

// workTables are the temporary tables of a round.
func workTables() []string {
	return []string{"touched_record", "touched", "touched_value", "first_text", "identifying", "known_value", "observed", "said_before", "stranger", "evidence", "dropped_value", "ended", "newcomer", "dirty", "login", "moved", "redirected",
		"cluster", "person", "merged", "anchored", "named", "pair", "refused", "suggested", "suggestion", "shared_value", "apart"}
}

func (r *round) drop(ctx context.Context) error {
	for _, name := range workTables() {
		if err := r.tx.Exec(ctx, "drop table if exists temp."+name); err != nil {
			return err
		}
	}
	return nil
}
