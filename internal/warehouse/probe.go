package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/duckdb/duckdb-go/v2"
)

// FreeDisk is how many bytes an unprivileged process may still write where
// path lies.
func FreeDisk(path string) (uint64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(path, &stat); err != nil {
		return 0, fmt.Errorf("free disk of %s: %w", path, err)
	}
	return stat.Bavail * uint64(stat.Bsize), nil
}

// StaleWALs lists the write-ahead logs that rest in a data directory. Between
// syncs there should be none; beside a published file there must be none,
// since DuckDB would replay it into the next release.
func StaleWALs(dir string) ([]string, error) {
	var found []string
	for _, pattern := range []string{"*.wal", "published/*.wal", "published/releases/*/*.wal"} {
		matches, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		found = append(found, matches...)
	}
	return found, nil
}

// Verify reads every block of a file's tables, whose checksums DuckDB then
// proves, and returns the first fault.
func (db *DB) Verify(ctx context.Context, catalog string) error {
	rows, err := db.sql.QueryContext(ctx, "select schema_name, table_name from duckdb_tables() where database_name = ? order by all", catalog)
	if err != nil {
		return fmt.Errorf("verify %s: %w", catalog, err)
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var schema, table string
		if err := rows.Scan(&schema, &table); err != nil {
			return err
		}
		tables = append(tables, Ident(catalog)+"."+Ident(schema)+"."+Ident(table))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, table := range tables {
		var sum any
		if err := db.sql.QueryRowContext(ctx, "select bit_xor(hash(t)) from "+table+" as t").Scan(&sum); err != nil {
			return fmt.Errorf("verify %s: %w; restore the last backup (rollcall restore)", table, err)
		}
	}
	return nil
}

// checkLake proves that a file which nobody has open is a lake this rollcall
// can use.
func checkLake(ctx context.Context, path string) (err error) {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return fmt.Errorf("start DuckDB: %w", err)
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, fmt.Sprintf("attach %s as lake (read_only)", Literal(path))); err != nil {
		return fmt.Errorf("open its lake.duckdb: %w", err)
	}
	version, err := lakeVersion(ctx, db, LakeCatalog)
	if err != nil {
		return err
	}
	known, err := migrations.ReadDir("migrations")
	if err != nil {
		return err
	}
	if version > len(known) {
		return &NewerError{File: version, Known: len(known)}
	}
	if version == 0 {
		return errors.New("its lake.duckdb was never migrated, so it is no lake of rollcall")
	}
	return nil
}

func lakeVersion(ctx context.Context, db *sql.DB, catalog string) (int, error) {
	var tables, version int
	err := db.QueryRowContext(ctx, `select count(*) from duckdb_tables()
		where database_name = ? and schema_name = 'ops' and table_name = 'migration'`, catalog).Scan(&tables)
	if err == nil && tables > 0 {
		err = db.QueryRowContext(ctx, "select coalesce(max(version), 0) from "+Ident(catalog)+".ops.migration").Scan(&version)
	}
	if err != nil {
		return 0, fmt.Errorf("read the version of the lake: %w", err)
	}
	return version, nil
}
