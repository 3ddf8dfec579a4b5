// Package warehouse holds rollcall's DuckDB instance: the two database files,
// one writer each, transactions, quoting and the lake's migrations. It is the
// only package that imports DuckDB.
package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

// Catalog names of the two files and of the in-memory working area.
const (
	LakeCatalog  = "lake"
	MartsCatalog = "marts"
	WorkCatalog  = "work" // attached ":memory:": parsed raw streams, unsuppressed cells, staging deltas
)

// Options say where the files are and what DuckDB may use.
type Options struct {
	Dir         string // the data directory; created 0711 if missing, so that others reach published/ and list nothing
	MemoryLimit string // DuckDB's own, "256MB"; resident memory may pass it by 300 MB
	Threads     int    // default 2
	TempDir     string // where DuckDB spills; default Dir/tmp
}

func (o Options) withDefaults() Options {
	if o.Threads == 0 {
		o.Threads = 2
	}
	if o.MemoryLimit == "" {
		o.MemoryLimit = "256MB"
	}
	if o.TempDir == "" {
		o.TempDir = filepath.Join(o.Dir, "tmp")
	}
	return o
}

// A DB is the one DuckDB instance of this process with both files attached.
type DB struct {
	dir   string
	sql   *sql.DB
	Lake  *File // everything that cannot be computed again
	Marts *File // disposable: rebuilt from the lake
}

// LakePath and MartsPath name the files below a data directory.
func LakePath(dir string) string { return filepath.Join(dir, "lake.duckdb") }

// MartsPath names the marts file below a data directory.
func MartsPath(dir string) string { return filepath.Join(dir, "marts.duckdb") }

// Open attaches lake.duckdb and marts.duckdb of the data directory, creating
// them if they are missing. It does not migrate; see [DB.Migrate].
func Open(ctx context.Context, opts Options) (*DB, error) {
	opts = opts.withDefaults()
	if err := errors.Join(makeDataDir(opts.Dir), os.MkdirAll(opts.TempDir, 0o700)); err != nil {
		return nil, fmt.Errorf("create data directory: %w", err)
	}
	if err := removeSpilled(opts.TempDir); err != nil {
		return nil, fmt.Errorf("remove what a dead process spilled to %s: %w", opts.TempDir, err)
	}
	setup := []string{
		"set memory_limit = " + Literal(opts.MemoryLimit),
		fmt.Sprintf("set threads = %d", opts.Threads),
		"set temp_directory = " + Literal(opts.TempDir),
		"set checkpoint_threshold = '64MB'",
		"set preserve_insertion_order = true",
		"set autoinstall_known_extensions = false",
		"set autoload_known_extensions = false",
	}
	connector, err := duckdb.NewConnector("", func(conn driver.ExecerContext) error {
		_, err := conn.ExecContext(ctx, "set TimeZone = 'UTC'", nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("start DuckDB: %w", err)
	}
	db := &DB{dir: opts.Dir, sql: sql.OpenDB(connector)}
	setup = append(setup,
		"attach ':memory:' as "+WorkCatalog,
		attach(LakePath(opts.Dir), LakeCatalog),
		attach(MartsPath(opts.Dir), MartsCatalog))
	for _, stmt := range setup {
		if _, err := db.sql.ExecContext(ctx, stmt); err != nil {
			return nil, errors.Join(fmt.Errorf("open the warehouse in %s: %w", opts.Dir, err), db.sql.Close())
		}
	}
	if err := closeToOthers(opts.Dir); err != nil {
		return nil, errors.Join(err, db.sql.Close())
	}
	if db.Lake, err = db.file(ctx, LakeCatalog, LakePath(opts.Dir)); err != nil {
		return nil, errors.Join(err, db.sql.Close())
	}
	if db.Marts, err = db.file(ctx, MartsCatalog, MartsPath(opts.Dir)); err != nil {
		return nil, errors.Join(err, db.sql.Close())
	}
	return db, nil
}

// removeSpilled removes what DuckDB spilled in a process that died: rows in
// clear, which nobody reads again.
func removeSpilled(dir string) error {
	spilled, err := filepath.Glob(filepath.Join(dir, "duckdb_temp_*"))
	errs := []error{err}
	for _, path := range spilled {
		errs = append(errs, RemoveIfThere(path))
	}
	return errors.Join(errs...)
}

func attach(path, catalog string) string {
	return fmt.Sprintf("attach %s as %s (storage_version 'latest')", Literal(path), Ident(catalog))
}

// Beside lets SQL read another DuckDB file under a catalog's name while fn runs.
func (db *DB) Beside(ctx context.Context, path, catalog string, fn func() error) (err error) {
	if _, err := db.sql.ExecContext(ctx, fmt.Sprintf("attach %s as %s (read_only)", Literal(path), Ident(catalog))); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	defer func() {
		_, detachErr := db.sql.ExecContext(context.WithoutCancel(ctx), "detach "+Ident(catalog))
		err = errors.Join(err, detachErr)
	}()
	return fn()
}

// SQL returns the pool for reads. A connection taken from it must not write
// the files; see [File.Write].
func (db *DB) SQL() *sql.DB { return db.sql }

// SetMemoryLimit changes DuckDB's limit for the whole instance.
func (db *DB) SetMemoryLimit(ctx context.Context, limit string) error {
	_, err := db.sql.ExecContext(ctx, "set memory_limit = "+Literal(limit))
	return err
}

// Close checkpoints nothing; it releases both writers and the instance, and
// with it the locks on the files.
func (db *DB) Close() error {
	return errors.Join(db.Lake.conn.Close(), db.Marts.conn.Close(), db.sql.Close())
}

// A Tx is an open write transaction of one file, or a connection of [File.Apart],
// which is in none. Unqualified schemas resolve to that file.
type Tx struct {
	conn    *sql.Conn
	catalog string
}

// Exec runs one statement.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) error {
	_, err := tx.conn.ExecContext(ctx, query, args...)
	return err
}

// Rewrite gives columns of some rows of a table new values: columns is a list of
// "expression as column", where a condition, both of the rows t; args are those of
// columns. The rows are deleted and inserted, since UPDATE writes every row group
// that it touches anew.
func (tx *Tx) Rewrite(ctx context.Context, table, columns, where string, args ...any) error {
	err := tx.Exec(ctx, fmt.Sprintf("create or replace temp table rewritten as select t.* replace (%s) from %s as t where %s", columns, table, where), args...)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		fmt.Sprintf("delete from %s as t where %s", table, where),
		fmt.Sprintf("insert into %s select * from temp.rewritten", table),
		"drop table temp.rewritten",
	} {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Commit keeps what the transaction wrote so far and goes on in another one.
// DuckDB reads what a transaction wrote itself on one thread.
func (tx *Tx) Commit(ctx context.Context) error {
	for _, statement := range []string{"commit", "begin transaction"} {
		if err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// Query runs one select inside the transaction.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.conn.QueryContext(ctx, query, args...)
}

// Append opens an appender on a table of the file and closes it after fn. On
// an error the unflushed rows are dropped: DuckDB's appender keeps them over
// ROLLBACK and would write them with the next transaction.
func (tx *Tx) Append(ctx context.Context, schema, table string, fn func(row func(values ...driver.Value) error) error) error {
	return tx.append(tx.catalog, schema, table, fn)
}

// AppendTemp is [Tx.Append] on a temporary table of the transaction's
// connection.
func (tx *Tx) AppendTemp(table string, fn func(row func(values ...driver.Value) error) error) error {
	return tx.append("temp", "main", table, fn)
}

func (tx *Tx) append(catalog, schema, table string, fn func(row func(values ...driver.Value) error) error) error {
	return tx.conn.Raw(func(raw any) error {
		appender, err := duckdb.NewAppender(raw.(driver.Conn), catalog, schema, table)
		if err != nil {
			return fmt.Errorf("append to %s.%s: %w", schema, table, err)
		}
		if err := fn(appender.AppendRow); err != nil {
			return errors.Join(err, appender.Clear(), appender.Close())
		}
		if err := appender.Flush(); err != nil {
			return errors.Join(fmt.Errorf("append to %s.%s: %w", schema, table, err), appender.Clear(), appender.Close())
		}
		return appender.Close()
	})
}

// Ident quotes an identifier.
func Ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Literal quotes a string literal.
func Literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
