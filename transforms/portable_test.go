package transforms

import (
	"context"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	rollcallsql "rollcall/sql"
	"rollcall/transforms/kpi"
)

// A recorder keeps the statements that run.
type recorder struct {
	tables
	statements []string
}

func (r *recorder) Exec(ctx context.Context, query string, args ...any) error {
	r.statements = append(r.statements, query)
	return r.tables.Exec(ctx, query, args...)
}

var selectStart = regexp.MustCompile(`\n(with|select)\s`)

// selectOf is the select that a statement stores, "" if it stores none.
func selectOf(statement string) string {
	if at := selectStart.FindStringIndex(statement); at != nil {
		return statement[at[0]+1:]
	}
	return ""
}

// aggregate computes and publishes every KPI over what there is.
func (b *Builder) aggregate(ctx context.Context, tx kpi.Execer) error {
	var configured []kpi.Finished
	var entries []kpi.Entry
	for _, d := range b.kpis {
		configured = append(configured, kpi.Finished{Definition: d})
		entries = append(entries, kpi.Entry{Definition: d})
	}
	run := kpi.Run{Zone: time.UTC, Today: "2026-02-01"}
	return errors.Join(
		kpi.Compute(ctx, kpi.Connections{Main: tx}, run, configured, func(time.Duration, ...string) {}),
		kpi.Finish(ctx, tx, run, configured),
		kpi.Describe(ctx, tx, entries),
	)
}

func TestAggregator_writesPortableSQL(t *testing.T) {
	dir := t.TempDir()
	db, err := warehouse.Open(t.Context(), warehouse.Options{Dir: dir, MemoryLimit: "1GB"})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	now := time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)
	cfg := &config.Config{DataDir: dir, TimeZone: time.UTC, Currency: "EUR", FiscalYearStart: time.January}
	_, err = db.Migrate(t.Context(), cfg.BackupsDir(), now)
	require.NoError(t, err)
	b, err := New(t.Context(), Options{DB: db, Config: cfg, SQL: rollcallsql.FS, Now: func() time.Time { return now }})
	require.NoError(t, err)
	_, err = b.Build(t.Context(), BuildRequest{})
	require.NoError(t, err)
	written := &recorder{}
	require.NoError(t, b.writeMarts(t.Context(), func(tx *warehouse.Tx) error {
		written.tables = tables{tx}
		return b.aggregate(t.Context(), written)
	}))
	held := 0
	for _, statement := range written.statements {
		text := selectOf(statement)
		if text == "" {
			continue
		}
		parsed, err := parse(t.Context(), db.SQL(), "aggregator", text)
		require.NoError(t, err, statement)
		require.Empty(t, parsed.lint(), statement)
		held++
	}
	require.Greater(t, held, 40)
}
