package warehouse

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// A lake of before people had keys keeps who is who, what was observed and of
// which instance, also of one that nobody configures any more.
func TestMigrate_keepsWhoIsWho(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	db, err := Open(ctx, Options{Dir: dir})
	require.NoError(t, err)
	known, err := fs.ReadDir(migrations, "migrations")
	require.NoError(t, err)
	before := fstest.MapFS{}
	for _, file := range known[:4] {
		text, err := fs.ReadFile(migrations, "migrations/"+file.Name())
		require.NoError(t, err)
		before[file.Name()] = &fstest.MapFile{Data: text}
	}
	_, err = db.migrate(ctx, before, filepath.Join(dir, "backups"), noon)
	require.NoError(t, err)
	require.NoError(t, db.Lake.Write(ctx, func(tx *Tx) error {
		return tx.Exec(ctx, `insert into identity.person_identity (identity_id, person_id, source, source_instance, source_user_id, match_method, linked_at, identity_key, match_tier, is_linkable)
values ('crm:main:7', 'p', 'crm', 'main', '7', 'own', timestamp '2026-01-01', 7, 2, true);
insert into identity.person values ('p', 'crm:main:7', timestamp '2026-01-01', 'b');
insert into identity.instance values (4, 'crm', 'main', 2, false, true, 3);
insert into identity.observation values
    ('crm:main:users:7', 7, 70, 'email', 2, 'crm', 'main', timestamp '2026-01-01', null, 'sam'),
    ('old:one:users:1', 7, 71, 'merge', 3, 'old', 'one', null, timestamp '2026-02-01', null);
insert into vault.value values (70, 'email', '', 'a@acme.com', 'acme.com', 'acme.com', 'unique', 71, 'why', 'lists 1')`)
	}))
	_, err = db.Migrate(ctx, filepath.Join(dir, "backups"), noon)
	require.NoError(t, err)
	for query, want := range map[string]string{
		`select concat_ws(' ', identity_id, person_id, source, source_instance, source_user_id, match_method, linked_at, identity_key, match_tier, is_linkable, person_key is null) from lake.identity.person_identity`: "crm:main:7 p crm main 7 own 2026-01-01 00:00:00 7 2 true true",
		`select concat_ws(' ', person_id, anchor_identity_id, created_at, build_id, person_key is null, anchor_key is null) from lake.identity.person`:                                                                  "p crm:main:7 2026-01-01 00:00:00 b true true",
		`select string_agg(concat_ws(' ', record, identity_key, value_key, id_type, trust, instance_no, seen_from, seen_until, asserted_by), '; ' order by record) from lake.identity.observation`:                      "crm:main:users:7 7 70 email 2 4 2026-01-01 00:00:00 sam; old:one:users:1 7 71 merge 3 5 2026-02-01 00:00:00",
		`select concat_ws(' ', value_key, id_type, norm, domain, company_domain, class, untagged_key, reason) from lake.vault.value`:                                                                                    "70 email a@acme.com acme.com acme.com unique 71 why",
		`select string_agg(instance_no || ' ' || source, ', ' order by instance_no) from lake.identity.instance`:                                                                                                        "4 crm, 5 old",
	} {
		var got string
		require.NoError(t, db.SQL().QueryRow(query).Scan(&got))
		require.Equal(t, want, strings.ReplaceAll(got, "  ", " "), query)
	}
	require.NoError(t, db.Close())
}
