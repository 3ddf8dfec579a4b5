package transforms_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	"rollcall/transforms"
)

// A lake is a data directory with raw tables as sync would have filled them.
type lake struct {
	t   testing.TB
	db  *warehouse.DB
	cfg *config.Config
	now time.Time
	run int64

	manyRows int64 // of a builder's options
}

func newLake(t *testing.T) *lake {
	t.Helper()
	dir := t.TempDir()
	db, err := warehouse.Open(t.Context(), warehouse.Options{Dir: dir, MemoryLimit: "1GB"})
	require.NoError(t, err)
	l := &lake{t: t, db: db, now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), cfg: &config.Config{
		DataDir: dir, TimeZone: time.UTC, Currency: "EUR", FiscalYearStart: time.January,
		Publish: config.Publish{PersonLevel: true, Keep: 3},
	}}
	t.Cleanup(func() { require.NoError(t, l.db.Close()) })
	_, err = db.Migrate(t.Context(), l.cfg.BackupsDir(), l.now)
	require.NoError(t, err)
	return l
}

func (l *lake) exec(query string, args ...any) {
	l.t.Helper()
	require.NoError(l.t, l.db.Lake.Write(context.Background(), func(tx *warehouse.Tx) error {
		return tx.Exec(context.Background(), query, args...)
	}))
}

func (l *lake) createRaw(typ, stream string) {
	l.exec(fmt.Sprintf(`create table if not exists lake.raw.%s__%s (instance varchar, key varchar, data varchar, is_deleted boolean,
    version bigint, changed_at timestamp, synced_at timestamp, run_id bigint, key_hash ubigint, content_hash ubigint, sample_hash ubigint)`, typ, stream))
}

// put stores the next version of a record.
func (l *lake) put(typ, instance, stream, key string, record any, deleted bool) {
	l.t.Helper()
	data, isText := record.(string)
	if !isText {
		encoded, err := json.Marshal(record)
		require.NoError(l.t, err)
		data = string(encoded)
	}
	l.createRaw(typ, stream)
	table := fmt.Sprintf("lake.raw.%s__%s", typ, stream)
	l.run++
	l.exec(fmt.Sprintf(`insert into %s select ?, ?, ?, ?, coalesce(max(version), 0) + 1, null, ?, ?, 0, 0, 0 from %s where instance = ? and key = ?`, table, table),
		instance, key, data, deleted, l.now.UTC(), l.run, instance, key)
}

// cover says that sync completed the stream from the beginning until now.
func (l *lake) cover(typ, instance, stream string) {
	l.exec("insert into lake.ops.coverage values (?, ?, ?, timestamp '1970-01-01', ?)", typ, instance, stream, l.now.UTC())
}

func (l *lake) builder(sources ...transforms.Source) *transforms.Builder {
	l.t.Helper()
	return l.builderOver(overlay(l.t, nil), sources...)
}

func (l *lake) builderOver(files fs.FS, sources ...transforms.Source) *transforms.Builder {
	l.t.Helper()
	b, err := transforms.New(l.t.Context(), l.options(files, sources...))
	require.NoError(l.t, err)
	return b
}

func (l *lake) options(files fs.FS, sources ...transforms.Source) transforms.Options {
	return transforms.Options{DB: l.db, Config: l.cfg, SQL: files, Sources: sources,
		Now: func() time.Time { return l.now }, Log: slog.New(slog.DiscardHandler), ManyRows: l.manyRows}
}

// rows runs a select over the marts and prints each row, columns joined by |.
func (l *lake) rows(query string, args ...any) []string {
	l.t.Helper()
	conn, err := l.db.SQL().Conn(context.Background())
	require.NoError(l.t, err)
	defer func() { require.NoError(l.t, conn.Close()) }()
	_, err = conn.ExecContext(context.Background(), "set search_path = 'marts.main,marts.ref,marts.core,marts.mart,marts.kpi,marts.checks'")
	require.NoError(l.t, err)
	return printRows(l.t, conn, query, args...)
}

type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func printRows(t testing.TB, db queryer, query string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query, args...)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var printed []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		var cells []string
		for _, v := range values {
			switch v := v.(type) {
			case time.Time:
				cells = append(cells, v.UTC().Format("2006-01-02"))
			default:
				cells = append(cells, fmt.Sprint(v))
			}
		}
		printed = append(printed, strings.Join(cells, "|"))
	}
	require.NoError(t, rows.Err())
	return printed
}

// replaceOnce replaces the first occurrence.
func replaceOnce(text, old, new string) string { return strings.Replace(text, old, new, 1) }
