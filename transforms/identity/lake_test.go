package identity_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity"
)

// A lake holds staging tables as a build fills them, and what identity keeps.
type lake struct {
	t      testing.TB
	dir    string
	db     *warehouse.DB
	now    time.Time
	builds int
	rules  identity.Rules
	staged map[string]map[string][]string // shape -> record -> its rows, as SQL
	dirty  map[string]bool                // records that changed since the last build
}

func newLake(t testing.TB, threads int) *lake {
	t.Helper()
	dir := t.TempDir()
	db, err := warehouse.Open(t.Context(), warehouse.Options{Dir: dir, MemoryLimit: "1GB", Threads: threads})
	require.NoError(t, err)
	l := &lake{t: t, dir: dir, db: db, now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), staged: map[string]map[string][]string{}, dirty: map[string]bool{}}
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.Migrate(t.Context(), dir, l.now)
	require.NoError(t, err)
	l.exec("create schema if not exists lake.staging")
	for _, shape := range identity.Shapes() {
		text, err := os.ReadFile("../../sql/staging/" + shape + ".sql")
		require.NoError(t, err)
		l.exec("create table lake.staging." + shape + " as " + string(text))
		l.staged[shape] = map[string][]string{}
	}
	for source, trust := range map[string]string{"forum": "verified", "crm": "staff", "git": "self"} {
		l.rules.Instances = append(l.rules.Instances, identity.InstanceRules{Source: source, Name: "main", Trust: trust, IsCommunity: source == "forum", IsCRM: source == "crm"})
	}
	require.NoError(t, identity.Offer(t.Context(), db, nil))
	return l
}

func (l *lake) exec(query string, args ...any) {
	l.t.Helper()
	require.NoError(l.t, l.db.Lake.Write(context.Background(), func(tx *warehouse.Tx) error { return tx.Exec(context.Background(), query, args...) }))
}

func (l *lake) rows(query string, args ...any) []string {
	l.t.Helper()
	rows, err := l.db.SQL().QueryContext(context.Background(), query, args...)
	require.NoError(l.t, err)
	return print(l.t, rows)
}

func print(t testing.TB, rows *sql.Rows) []string {
	t.Helper()
	defer func() { require.NoError(t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var list []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		list = append(list, strings.TrimSuffix(strings.Repeat("%v|", len(values)), "|"))
		list[len(list)-1] = fmt.Sprintf(list[len(list)-1], values...)
	}
	require.NoError(t, rows.Err())
	return list
}

// put stages a row of a record of the system of the login, in place of what the
// record said in that shape.
func (l *lake) put(shape, record string, columns map[string]string) {
	l.t.Helper()
	var names, values []string
	for _, name := range []string{"first_seen_at"} {
		if columns[name] == "" {
			columns[name] = "timestamp '2026-01-01'"
		}
	}
	for name, value := range columns {
		names = append(names, value+" as "+name)
	}
	_ = values
	slices.Sort(names)
	l.staged[shape][record] = []string{fmt.Sprintf("select '%s' as record, %s", record, strings.Join(names, ", "))}
	l.dirty[record] = true
}

func (l *lake) remove(record string) {
	for _, shape := range l.staged {
		delete(shape, record)
	}
	l.dirty[record] = true
}

func recordOf(login string) string {
	parts := strings.SplitN(login, ":", 3)
	return parts[0] + ":" + parts[1] + ":users:" + parts[2]
}

// login stages a login, "crm:main:7", with its address and name.
func (l *lake) login(id, email, name string) {
	l.put("identity", recordOf(id), map[string]string{"identity_id": quoted(id), "email": quoted(email), "display_name": quoted(name), "is_bot": "false"})
}

func quoted(text string) string {
	if text == "" {
		return "null"
	}
	return warehouse.Literal(text)
}

var errLooked = errors.New("looked")

// build stages what changed and resolves people, by what changed or whole.
func (l *lake) build() identity.Outcome {
	l.t.Helper()
	return l.resolve(false, nil)
}

func (l *lake) resolve(whole bool, look func(tx *warehouse.Tx)) identity.Outcome {
	l.t.Helper()
	l.builds++
	l.now = l.now.Add(time.Hour)
	l.stage()
	round := identity.Round{BuildID: fmt.Sprint("build", l.builds), Now: l.now, Rules: l.rules, Rows: map[string]string{}, NewLogins: "work.main.new_login"}
	if !whole {
		round.Changes = map[string]string{}
	}
	for _, shape := range identity.Shapes() {
		round.Rows[shape] = "work.main." + shape
		if !whole {
			round.Changes[shape] = "work.main.delta_" + shape
		}
	}
	var outcome identity.Outcome
	err := l.db.Lake.Write(context.Background(), func(tx *warehouse.Tx) error {
		for _, shape := range identity.Shapes() {
			for _, statement := range []string{"delete from lake.staging.%[1]s where record in (select record from work.main.changed)", "insert into lake.staging.%[1]s select * from work.main.%[1]s"} {
				if err := tx.Exec(context.Background(), fmt.Sprintf(statement, shape)); err != nil {
					return err
				}
			}
		}
		var err error
		if outcome, err = identity.Resolve(context.Background(), tx, round); err != nil || look == nil {
			return err
		}
		look(tx)
		return errLooked
	})
	if look != nil {
		require.ErrorIs(l.t, err, errLooked)
		return outcome
	}
	require.NoError(l.t, err)
	l.dirty = map[string]bool{}
	return outcome
}

// stage makes the tables of changed records in the work catalog.
func (l *lake) stage() {
	l.t.Helper()
	exec := func(query string) {
		_, err := l.db.SQL().Exec(query)
		require.NoError(l.t, err, query)
	}
	exec("create or replace table work.main.changed (record varchar)")
	for record := range l.dirty {
		exec("insert into work.main.changed values (" + quoted(record) + ")")
	}
	seen := []string{"select cast(null as varchar)"}
	for shape, records := range l.staged {
		var rows []string
		for record := range l.dirty {
			rows = append(rows, records[record]...)
		}
		exec(fmt.Sprintf("create or replace table work.main.%[1]s as select * from lake.staging.%[1]s where false", shape))
		for _, row := range rows {
			exec(fmt.Sprintf("insert into work.main.%s by name %s", shape, row))
		}
		exec(fmt.Sprintf(`create or replace table work.main.delta_%[1]s as
select columns(c -> c <> 'added_rows'), cast(sum(added_rows) as bigint) as added_rows from (
    select *, 1 as added_rows from work.main.%[1]s
    union all
    select *, -1 as added_rows from lake.staging.%[1]s where record in (select record from work.main.changed)
) group by all having sum(added_rows) <> 0`, shape))
		if slices.Contains([]string{"identity", "identity_evidence"}, shape) {
			seen = append(seen, "select identity_id from work.main."+shape)
		}
	}
	exec(fmt.Sprintf(`create or replace table work.main.new_login as select s.identity_id from (%s) as s(identity_id)
where s.identity_id is not null and s.identity_id not in (select p.identity_id from lake.identity.person_identity as p)`, strings.Join(seen, " union ")))
}

// people lists "a b" per person, without ids.
func (l *lake) people() []string { return l.rows(peopleQuery) }

const peopleQuery = `select string_agg(split_part(p.identity_id, ':', 1) || ':' || split_part(p.identity_id, ':', 3), ' ' order by p.identity_id)
from lake.identity.person_identity as p where p.unlinked_at is null group by p.person_id order by 1`

// personOf is the id of a login's person.
func (l *lake) personOf(login string) string {
	l.t.Helper()
	rows := l.rows("select p.person_id from lake.identity.person_identity as p where p.identity_id = ? and p.unlinked_at is null", login)
	require.Len(l.t, rows, 1)
	return rows[0]
}

func TestResolve_linksAcrossSources(t *testing.T) {
	l := newLake(t, 2)
	l.login("forum:main:1", "Ann@Acme.com", "Ann")
	l.login("crm:main:7", "ann@acme.com", "Ann Lee")
	l.login("git:main:ann", "ANN@acme.com.", "ann")
	l.login("forum:main:2", "", "nobody")
	outcome := l.build()
	require.True(t, outcome.IsChanged)
	require.Equal(t, []string{"crm:7 forum:1 git:ann", "forum:2"}, l.people())
	require.Equal(t, []string{"crm:main:7|2|0.97|staff_email", "forum:main:1|2|0.97|staff_email", "forum:main:2|<nil>|1|own", "git:main:ann|3|0.92|self_email"},
		l.rows("select identity_id, match_tier, match_confidence, match_method from lake.identity.person_identity order by 1"))
	require.Equal(t, []string{"ann@acme.com|acme.com|unique"}, l.rows("select norm, company_domain, class from lake.vault.value"))

	before := l.rows("from lake.identity.person_identity order by all")
	outcome = l.build()
	require.False(t, outcome.IsChanged)
	require.Equal(t, before, l.rows("from lake.identity.person_identity order by all"), "nothing changed")
	outcome = l.resolve(true, nil)
	require.False(t, outcome.IsChanged)
	require.Equal(t, before, l.rows("from lake.identity.person_identity order by all"), "nothing changed")
}

func TestResolve_keepsIDsThroughMergeAndSplit(t *testing.T) {
	l := newLake(t, 2)
	l.login("forum:main:1", "ann@acme.com", "Ann")
	l.login("crm:main:7", "old@acme.com", "Ann Lee")
	l.build()
	forum, crm := l.personOf("forum:main:1"), l.personOf("crm:main:7")
	require.NotEqual(t, forum, crm)

	l.login("crm:main:7", "ann@acme.com", "Ann Lee")
	require.EqualValues(t, 1, l.build().Moved)
	survivor := l.personOf("forum:main:1")
	require.Equal(t, survivor, l.personOf("crm:main:7"))
	require.Contains(t, []string{forum, crm}, survivor)
	gone := map[string]string{forum: crm, crm: forum}[survivor]
	require.Equal(t, []string{gone + "|" + survivor}, l.rows("select merged_person_id, surviving_person_id from lake.identity.person_merge"))

	l.exec("insert into lake.identity.decision values ('d', 'not_same', 'forum:main:1', 'crm:main:7', 'me', 'two people', now())")
	l.exec("insert into lake.identity.pending values ('crm:main:7'), ('forum:main:1')")
	l.build()
	require.NotEqual(t, l.personOf("forum:main:1"), l.personOf("crm:main:7"))
	anchor := map[string]string{forum: "forum:main:1", crm: "crm:main:7"}[survivor]
	require.Equal(t, survivor, l.personOf(anchor), "the half with the anchor keeps the id")
	other := map[string]string{forum: "crm:main:7", crm: "forum:main:1"}[survivor]
	require.NotContains(t, []string{forum, crm}, l.personOf(other), "and no id comes back")
	require.Len(t, l.rows("select * from lake.identity.person_identity where unlinked_at is not null"), 2, "where they were can be asked for")
}

// People whom an earlier version stored have no keys; an erasure takes the row of
// a person with the login that he was known by.
func TestResolve_knowsPeopleWithoutKeyOrRow(t *testing.T) {
	l := newLake(t, 2)
	l.login("forum:main:1", "ann@acme.com", "Ann")
	l.login("crm:main:7", "ann@acme.com", "Ann Lee")
	l.login("forum:main:2", "bob@acme.com", "Bob")
	l.build()
	const stored = "select identity_id, identity_key, person_id, person_key, linked_at from lake.identity.person_identity order by all"
	const people = "select person_id, person_key, anchor_identity_id, anchor_key, created_at from lake.identity.person order by all"
	logins, persons := l.rows(stored), l.rows(people)
	l.exec("update lake.identity.person_identity set identity_key = null, person_key = null")
	l.exec("update lake.identity.person set person_key = null, anchor_key = null")
	require.False(t, l.resolve(true, nil).IsChanged)
	require.Equal(t, logins, l.rows(stored))
	require.Equal(t, persons, l.rows(people))

	l.exec("delete from lake.identity.person where anchor_identity_id <> 'forum:main:2'")
	require.False(t, l.resolve(true, nil).IsChanged)
	require.Equal(t, logins, l.rows(stored), "they keep their ids")
	require.Len(t, l.rows(people), 2)
	require.Empty(t, l.rows("select p.person_id from lake.identity.person as p where p.anchor_key <> md5_number_lower(p.anchor_identity_id) or p.person_key <> md5_number_lower(p.person_id)"))
}

func TestResolve_followsConsent(t *testing.T) {
	l := newLake(t, 2)
	l.rules.NeedsGrant = true
	l.login("forum:main:1", "ann@acme.com", "Ann")
	l.login("crm:main:7", "ann@acme.com", "Ann Lee")
	l.build()
	require.Equal(t, []string{"crm:7", "forum:1"}, l.people(), "a member of a community has not agreed")
	require.Equal(t, []string{"crm:main:7|true", "forum:main:1|false"}, l.rows("select identity_id, is_linkable from lake.identity.person_identity where unlinked_at is null order by 1"))

	answer := func(record, status, at string) {
		l.put("consent", record, map[string]string{"identity_id": "'forum:main:1'", "purpose": "'identity_matching'", "status": quoted(status), "recorded_at": "timestamp " + quoted(at)})
	}
	answer("forum:main:consents:1", "granted", "2026-02-01")
	l.build()
	require.Equal(t, []string{"crm:7 forum:1"}, l.people())
	answer("crm:main:consents:1", "refused", "2026-01-01")
	l.build()
	require.Equal(t, []string{"crm:7", "forum:1"}, l.people(), "the most restrictive answer of all sources")
	answer("crm:main:consents:2", "granted", "2026-01-02")
	l.build()
	require.Equal(t, []string{"crm:7 forum:1"}, l.people(), "but only the latest of each")
	answer("forum:main:consents:2", "withdrawn", "2026-03-01")
	l.build()
	require.Equal(t, []string{"crm:7", "forum:1"}, l.people())

	l.rules.NeedsGrant = false
	l.remove("forum:main:consents:1")
	l.remove("forum:main:consents:2")
	l.build()
	require.Equal(t, []string{"crm:7 forum:1"}, l.people())
}
