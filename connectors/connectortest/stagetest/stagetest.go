// Package stagetest runs a connector's staging SQL as a build does: over raw
// records in a lake, by the streams' declared fields, with the faults noted
// and incomplete records left out. It keeps a test honest about what reaches
// the shapes, and compares incremental with full staging.
package stagetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	rollcallsql "rollcall/sql"
	"rollcall/transforms"
)

// Instance is the name of the one configured instance.
const Instance = "x"

// A Lake is a data directory with the raw records of one instance.
type Lake struct {
	t        *testing.T
	db       *warehouse.DB
	spec     connectors.Spec
	builder  *transforms.Builder
	now      time.Time
	run      int64
	versions map[string]int64
}

// New makes an empty lake for a connector. Its clock stands at noon of 10 March
// 2026 and moves on by a minute with every Put.
func New(t *testing.T, spec connectors.Spec) *Lake {
	t.Helper()
	dir := t.TempDir()
	db, err := warehouse.Open(t.Context(), warehouse.Options{Dir: dir, MemoryLimit: "512MB"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	l := &Lake{t: t, db: db, spec: spec, versions: map[string]int64{}, now: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)}
	cfg := &config.Config{DataDir: dir, TimeZone: time.UTC, Currency: "EUR", FiscalYearStart: time.January}
	_, err = db.Migrate(t.Context(), cfg.BackupsDir(), l.now)
	require.NoError(t, err)
	source := transforms.Source{Type: spec.Type, Version: spec.Version, Staging: spec.Staging,
		Instances: []transforms.Instance{{Name: Instance, Kinds: []string{"community"}}}}
	for _, s := range spec.Streams {
		source.Streams = append(source.Streams, transforms.Stream{Name: s.Name, Fields: s.Fields})
		l.exec(fmt.Sprintf(`create table lake.raw.%s__%s (instance varchar, key varchar, data varchar, is_deleted boolean, version bigint,
    changed_at timestamp, synced_at timestamp, run_id bigint, key_hash ubigint, content_hash ubigint, sample_hash ubigint)`, spec.Type, s.Name))
	}
	l.builder, err = transforms.New(t.Context(), transforms.Options{DB: db, Config: cfg, SQL: rollcallsql.FS, Sources: []transforms.Source{source},
		Now: func() time.Time { return l.now }, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return l
}

func (l *Lake) exec(query string, args ...any) {
	l.t.Helper()
	require.NoError(l.t, l.db.Lake.Write(context.Background(), func(tx *warehouse.Tx) error {
		return tx.Exec(context.Background(), query, args...)
	}))
}

// Put stores the next version of each record, as one run of the stream.
func (l *Lake) Put(stream string, records ...connectors.Record) {
	l.t.Helper()
	l.now = l.now.Add(time.Minute)
	l.run++
	insert := fmt.Sprintf("insert into lake.raw.%s__%s values (?, ?, ?, ?, ?, null, ?, ?, 0, 0, 0)", l.spec.Type, stream)
	require.NoError(l.t, l.db.Lake.Write(context.Background(), func(tx *warehouse.Tx) error {
		for _, r := range records {
			l.versions[stream+" "+r.Key]++
			err := tx.Exec(context.Background(), insert, Instance, r.Key, string(r.Data), r.Deleted, l.versions[stream+" "+r.Key], l.now, l.run)
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// Stage builds, and so runs staging over what was put since the last time, or over all of it.
func (l *Lake) Stage(full bool) {
	l.t.Helper()
	_, err := l.builder.Build(context.Background(), transforms.BuildRequest{Full: full})
	var failed *transforms.ChecksFailed
	if !errors.As(err, &failed) { // records made for a test may be odd
		require.NoError(l.t, err)
	}
}

// Rows prints columns of the rows of a shape, or of a select in parentheses, joined by "|" and sorted; times as
// 2006-01-02 15:04:05, null as nothing.
func (l *Lake) Rows(shape string, columns ...string) []string {
	l.t.Helper()
	var cells []string
	for _, c := range columns {
		cells = append(cells, fmt.Sprintf("coalesce(cast(%s as varchar), '')", c))
	}
	if !strings.HasPrefix(shape, "(") {
		shape = "lake.staging." + warehouse.Ident(shape)
	}
	return l.list(fmt.Sprintf("select %s from %s order by all", strings.Join(cells, " || '|' || "), shape))
}

// Rejected lists the values that the declared types lost, as "stream path".
func (l *Lake) Rejected() []string {
	l.t.Helper()
	return l.list("select distinct stream || ' ' || path from lake.staged.fault order by all")
}

// RequireSameWhenFull stages all again and requires that every shape stays as
// incremental staging left it.
func (l *Lake) RequireSameWhenFull() {
	l.t.Helper()
	before := map[string][]string{}
	for shape := range l.spec.Staging {
		before[shape] = l.whole(shape)
	}
	l.Stage(true)
	for shape := range l.spec.Staging {
		require.Equal(l.t, before[shape], l.whole(shape), shape)
	}
}

func (l *Lake) list(query string) []string {
	l.t.Helper()
	rows, err := l.db.SQL().QueryContext(context.Background(), query)
	require.NoError(l.t, err, query)
	defer func() { require.NoError(l.t, rows.Close()) }()
	printed := []string{}
	for rows.Next() {
		var row string
		require.NoError(l.t, rows.Scan(&row))
		printed = append(printed, row)
	}
	require.NoError(l.t, rows.Err())
	return printed
}

// whole prints every column of a shape's rows.
func (l *Lake) whole(shape string) []string {
	return l.list(fmt.Sprintf("select cast(s as varchar) from lake.staging.%s as s order by all", warehouse.Ident(shape)))
}
