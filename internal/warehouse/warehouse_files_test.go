package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func migrated(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := Open(context.Background(), Options{Dir: dir})
	require.NoError(t, err)
	_, err = db.Migrate(context.Background(), filepath.Join(dir, "backups"), noon)
	require.NoError(t, err)
	return db
}

func put(t *testing.T, db *DB, n int) {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, db.Lake.Write(ctx, func(tx *Tx) error {
		return errors.Join(tx.Exec(ctx, "create table if not exists raw.t (n bigint)"), tx.Exec(ctx, "insert into raw.t values (?)", n))
	}))
}

func sum(t *testing.T, db *DB) (n int) {
	t.Helper()
	require.NoError(t, db.SQL().QueryRow("select sum(n)::bigint from lake.raw.t").Scan(&n))
	return n
}

func TestMigrate_keepsACopyAndRefusesANewerLake(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	db := migrated(t, dir)
	put(t, db, 7)
	known, err := fs.ReadDir(migrations, "migrations")
	require.NoError(t, err)
	files := fstest.MapFS{
		fmt.Sprintf("%04d_more.sql", len(known)+1): {Data: []byte("create table ops.more (n bigint)")},
		fmt.Sprintf("%04d_bad.sql", len(known)+2):  {Data: []byte("create table ops.half (n bigint); create table ops.more (n bigint)")},
	}
	for _, file := range known {
		text, err := fs.ReadFile(migrations, "migrations/"+file.Name())
		require.NoError(t, err)
		files[file.Name()] = &fstest.MapFile{Data: text}
	}
	kept, err := db.migrate(ctx, files, filepath.Join(dir, "backups"), noon)
	require.ErrorContains(t, err, fmt.Sprintf("to version %d (bad)", len(known)+2))
	version, err := db.LakeVersion(ctx)
	require.NoError(t, err)
	require.Equal(t, len(known)+1, version, "what was applied before the bad one stays")
	_, err = db.SQL().Exec("select * from lake.ops.half")
	require.ErrorContains(t, err, "half", "a migration is applied whole or not at all")

	_, err = db.Migrate(ctx, filepath.Join(dir, "backups"), noon)
	var newer *NewerError
	require.ErrorAs(t, err, &newer)
	require.ErrorContains(t, err, fmt.Sprintf("lake.duckdb has version %d, this rollcall knows up to %d: ", len(known)+1, len(known)))
	require.NoError(t, db.Close())

	old := t.TempDir()
	require.NoError(t, os.Rename(kept, LakePath(old)))
	copied := migrated(t, old)
	require.Equal(t, 7, sum(t, copied))
	require.NoError(t, copied.Close())
}

func TestMigrations_haveNoGap(t *testing.T) {
	_, err := readMigrations(fstest.MapFS{"0002_x.sql": {Data: []byte("select 1")}})
	require.ErrorContains(t, err, "should be number 0001")
}

func TestLockDir_saysWhoHoldsIt(t *testing.T) {
	dir := t.TempDir()
	lock, err := LockDir(dir, "rollcall run", noon)
	require.NoError(t, err)
	_, err = LockDir(dir, "rollcall sync", noon)
	require.ErrorIs(t, err, ErrLocked)
	require.ErrorContains(t, err, "rollcall run (process ")
	require.NoError(t, lock.Unlock())
	lock, err = LockDir(dir, "rollcall sync", noon)
	require.NoError(t, err)
	require.NoError(t, lock.Unlock())
}

func TestBackup_restoresLakeAndKeysAndNeverOverwrites(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "keys"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "keys", "hmac"), []byte("secret"), 0o600))
	db := migrated(t, dir)
	put(t, db, 1)
	path := filepath.Join(t.TempDir(), "backup")
	manifest, err := db.Backup(ctx, path, noon)
	require.NoError(t, err)
	require.Len(t, manifest.Files, 2)
	require.Contains(t, manifest.Note, "keys")
	_, err = db.Backup(ctx, path, noon)
	require.ErrorContains(t, err, "exists already")

	put(t, db, 10) // rests in the write-ahead log when the process goes without a checkpoint
	require.NoError(t, os.WriteFile(filepath.Join(dir, "keys", "hmac"), []byte("other"), 0o600))
	lock, err := LockDir(dir, "rollcall run", noon)
	require.NoError(t, err)
	_, err = Restore(ctx, dir, path, noon)
	require.ErrorIs(t, err, ErrLocked)
	require.ErrorContains(t, err, "rollcall run")
	require.NoError(t, lock.Unlock())
	require.NoError(t, db.Close())
	require.NoError(t, os.WriteFile(LakePath(dir)+".wal", []byte("stale"), 0o600))

	replaced, err := Restore(ctx, dir, path, noon)
	require.NoError(t, err)
	require.NoFileExists(t, LakePath(dir)+".wal")
	require.FileExists(t, LakePath(replaced))
	key, err := os.ReadFile(filepath.Join(dir, "keys", "hmac"))
	require.NoError(t, err)
	require.Equal(t, "secret", string(key))
	db = migrated(t, dir)
	require.Equal(t, 1, sum(t, db))
	require.NoError(t, db.Verify(ctx, LakeCatalog))
	require.NoError(t, db.Close())
}

func TestRestore_changesNothingWhenTheBackupIsDamaged(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	db := migrated(t, dir)
	put(t, db, 1)
	path := filepath.Join(t.TempDir(), "backup")
	_, err := db.Backup(ctx, path, noon)
	require.NoError(t, err)
	put(t, db, 2)
	require.NoError(t, db.Close())
	damage := []struct {
		want string
		do   func()
	}{
		{"not as it was written", func() {
			file, err := os.OpenFile(LakePath(path), os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = file.WriteAt([]byte("x"), 5000)
			require.NoError(t, errors.Join(err, file.Close()))
		}},
		{"no complete backup", func() { require.NoError(t, os.Remove(filepath.Join(path, manifestFile))) }},
	}
	for _, d := range damage {
		d.do()
		_, err = Restore(ctx, dir, path, noon)
		require.ErrorContains(t, err, d.want)
	}
	db = migrated(t, dir)
	require.Equal(t, 3, sum(t, db))
	require.NoError(t, db.Close())
}

func TestRestore_copiesNothingThatNoBackupHolds(t *testing.T) {
	ctx := context.Background()
	outside := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(outside, []byte("secret"), 0o600))
	sum, _, err := sha256File(outside)
	require.NoError(t, err)
	for name, plant := range map[string]func(path string) string{
		"a link": func(path string) string {
			require.NoError(t, os.Symlink(outside, filepath.Join(path, keysDir, "stolen")))
			return "keys/stolen"
		},
		"a linked folder": func(path string) string {
			require.NoError(t, os.RemoveAll(filepath.Join(path, keysDir)))
			require.NoError(t, os.Symlink(filepath.Dir(outside), filepath.Join(path, keysDir)))
			return "keys/secret"
		},
		"a device": func(path string) string {
			require.NoError(t, syscall.Mkfifo(filepath.Join(path, keysDir, "endless"), 0o600))
			return "keys/endless"
		},
		"another file": func(path string) string {
			require.NoError(t, os.WriteFile(filepath.Join(path, "lake.duckdb.wal"), []byte("secret"), 0o600))
			return "lake.duckdb.wal"
		},
		"a file outside": func(string) string { return "keys/../../secret" },
	} {
		t.Run(name, func(t *testing.T) {
			dir, path := t.TempDir(), filepath.Join(t.TempDir(), "backup")
			require.NoError(t, os.Mkdir(filepath.Join(dir, keysDir), 0o700))
			db := migrated(t, dir)
			m, err := db.Backup(ctx, path, noon)
			require.NoError(t, err)
			require.NoError(t, db.Close())
			m.Files = append([]ManifestFile{{Path: plant(path), Size: 6, SHA256: sum}}, m.Files...)
			require.NoError(t, writeManifest(path, m))
			within, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			_, err = Restore(within, dir, path, noon)
			require.ErrorContains(t, err, "nothing was changed")
			require.NoError(t, within.Err(), "it must not wait for a file that never ends")
		})
	}
}

func TestCompact_givesFreeSpaceBackAndKeepsRows(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	db := migrated(t, dir)
	require.NoError(t, db.Lake.Write(ctx, func(tx *Tx) error {
		return tx.Exec(ctx, "create table raw.big as select i, md5(i::varchar) || md5((i * 7)::varchar) as s from range(3000000) r(i)")
	}))
	put(t, db, 5)
	require.NoError(t, db.Lake.Checkpoint(ctx))
	require.NoError(t, db.Lake.Write(ctx, func(tx *Tx) error { return tx.Exec(ctx, "drop table raw.big") }))
	require.NoError(t, db.Close())
	before, err := os.Stat(LakePath(dir))
	require.NoError(t, err)
	require.Greater(t, before.Size(), int64(compactFloor))
	require.NoError(t, Compact(ctx, Options{Dir: dir}))
	after, err := os.Stat(LakePath(dir))
	require.NoError(t, err)
	require.Less(t, after.Size(), before.Size()/4)
	db = migrated(t, dir)
	require.Equal(t, 5, sum(t, db))
	require.NoError(t, db.Close())
}

func TestCheckSelect_refusesWhatReachesOutsideTheDatabase(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	db := migrated(t, dir)
	defer func() { require.NoError(t, db.Close()) }()
	csv := filepath.Join(dir, "x.csv")
	require.NoError(t, os.WriteFile(csv, []byte("a\n1\n"), 0o600))
	accepted := []string{
		"select 1", "from ops.run", "select * from lake.ops.run;", "describe ops.run", "show tables",
		"with a as (select 1 as n) select * from a, range(3)", "values (1)", "select count(*) from (select 1)",
		"select table_name from duckdb_tables()", "select * from information_schema.tables",
	}
	for _, query := range accepted {
		require.NoError(t, db.Select(ctx, query, func(rows *sql.Rows) error {
			for rows.Next() {
			}
			return nil
		}), query)
	}
	refused := []string{
		"select * from '" + csv + "'", `select * from "` + csv + `"`, "select * from read_csv('" + csv + "')",
		"select (select count(*) from read_parquet('x'))", "select * from x.csv", "describe '" + csv + "'",
		"summarize '" + csv + "'", "with \"x.csv\" as (select 1) select * from \"x.csv\"",
		"select getenv('HOME')", "pragma version", "select 1; select 2", "", "drop table ops.run", "attach 'x'",
		"select * from glob('*')", "select * from query('select 1')", "select * from query_table('x.csv')",
		"select * from sniff_csv('x')", "select content from read_text('/etc/passwd')", "copy ops.run to 'x'",
		"select * from ops.run, '" + csv + "'", "select nextval('s')", "set memory_limit='1GB'", "select * from nowhere",
		"insert into ops.field values (1)", "explain analyze select 1",
	}
	for _, query := range refused {
		require.Error(t, db.CheckSelect(ctx, query), query)
	}
}

func TestSelectFile_isLockedDown(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	db := migrated(t, dir)
	put(t, db, 4)
	require.NoError(t, db.Close())
	var n int
	read := func(rows *sql.Rows) error {
		for rows.Next() {
			if err := rows.Scan(&n); err != nil {
				return err
			}
		}
		return nil
	}
	require.NoError(t, SelectFile(ctx, LakePath(dir), "128MB", "select n from raw.t", read))
	require.Equal(t, 4, n)
	require.Error(t, SelectFile(ctx, LakePath(dir), "128MB", "select * from '/etc/passwd'", read))
}

func TestStaleWALs_areFound(t *testing.T) {
	dir := t.TempDir()
	release := filepath.Join(dir, "published", "releases", "b1")
	require.NoError(t, os.MkdirAll(release, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(release, "rollcall.duckdb.wal"), nil, 0o600))
	found, err := StaleWALs(dir)
	require.NoError(t, err)
	require.Len(t, found, 1)
	free, err := FreeDisk(dir)
	require.NoError(t, err)
	require.Positive(t, free)
}
