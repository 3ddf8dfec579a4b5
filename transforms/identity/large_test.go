package identity_test

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity"
)

func TestResolve_seesItsOwnRowsOfALargeFirstBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("stages 180,000 logins")
	}
	l := newLake(t, 2)
	l.generate("lake.staging", 0, 80_000)
	l.exec(`insert into lake.staging.identity by name
select 's1:main:users:desk' || r.i as record, timestamp '2026-01-01' as first_seen_at, 's1:main:desk' || r.i as identity_id, 'desk@shared.com' as email
from range(30) as r(i)`)
	l.exec("insert into lake.identity.solved (fingerprint, compared_at) values ('', ?)", l.now)
	require.NoError(t, l.db.Lake.Write(t.Context(), func(tx *warehouse.Tx) error {
		_, err := identity.Resolve(t.Context(), tx, identity.Round{BuildID: "first", Now: l.now, Rules: l.rules, Rows: map[string]string{}, NewLogins: "(select distinct s.identity_id from lake.staging.identity as s)"})
		require.NoError(t, err)
		rows, err := tx.Query(t.Context(), `select
    (select count(*) from lake.identity.person_identity as p where p.unlinked_at is null) - (select count(distinct s.identity_id) from lake.staging.identity as s),
    (select count(distinct p.person_id) from lake.identity.person_identity as p) - (select count(*) from lake.identity.person)`)
		require.NoError(t, err)
		require.Equal(t, []string{"0|0"}, print(t, rows))
		return nil
	}))
	l.agree()
	l.matchesItsFile()
	require.Equal(t, []string{"desk@shared.com|shared by too many logins"}, l.rows("select v.norm, v.reason from lake.vault.value as v where v.class = 'generic' and v.norm like 'desk@%'"))

	l.generate("lake.staging", 80_000, 85_000)
	newLogins := "(select distinct s.identity_id from lake.staging.identity as s where s.identity_id not in (select p.identity_id from lake.identity.person_identity as p))"
	require.NoError(t, l.db.Lake.Write(t.Context(), func(tx *warehouse.Tx) error {
		_, err := identity.Resolve(t.Context(), tx, identity.Round{BuildID: "second", Now: l.now, Rules: l.rules, Rows: map[string]string{}, NewLogins: newLogins})
		return err
	}))
	l.agree()
	l.matchesItsFile()
}

// matchesItsFile checks that a copy of the lake's file, opened anew, holds what
// the lake shows.
func (l *lake) matchesItsFile() {
	l.t.Helper()
	require.NoError(l.t, l.db.Lake.Checkpoint(context.Background()))
	path := filepath.Join(l.t.TempDir(), "copy.duckdb")
	// By a child, since to close the file here would drop DuckDB's lock.
	require.NoError(l.t, exec.Command("cp", warehouse.LakePath(l.dir), path).Run())
	require.NoError(l.t, l.db.Beside(context.Background(), path, "copied", func() error {
		for _, table := range strings.Fields("vault.value identity.observation identity.login identity.person identity.person_identity") {
			require.Equal(l.t, []string{"0"}, l.rows(fmt.Sprintf("select count(*) from ((from lake.%[1]s except all from copied.%[1]s) union all (from copied.%[1]s except all from lake.%[1]s))", table)), table)
		}
		return nil
	}))
}

// agree checks that the tables of who is who say the same, and that ids are of
// version 7 and given once.
func (l *lake) agree() {
	l.t.Helper()
	require.Equal(l.t, []string{"0|0|0|0|0"}, l.rows(`select
    (select count(*) from lake.identity.person_identity as p where p.identity_key <> md5_number_lower(p.identity_id) or p.person_key <> md5_number_lower(p.person_id)),
    (select count(*) from lake.identity.person as q where q.person_key <> md5_number_lower(q.person_id) or q.anchor_key <> md5_number_lower(q.anchor_identity_id)),
    (
        select count(*) from lake.identity.person as q
        left join lake.identity.person_identity as p on p.identity_id = q.anchor_identity_id and p.person_id = q.person_id and p.unlinked_at is null
        where p.identity_id is null
    ),
    (select count(*) - count(distinct q.person_id) from lake.identity.person as q) + (select count(*) from lake.identity.person as q where q.person_id not like '________-____-7___-____-____________'),
    (
        select count(*) from lake.identity.login as l
        full join lake.identity.person_identity as p on p.identity_key = l.identity_key and p.is_linkable = l.is_linkable
        where p.unlinked_at is null and (l.identity_key is null or p.identity_key is null)
    )`))
}
