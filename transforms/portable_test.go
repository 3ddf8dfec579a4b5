package transforms

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
	rollcallsql "rollcall/sql"
	"rollcall/transforms/kpi"
)

// A recorder keeps the statements of the aggregator and runs none.
type recorder struct {
	columns    []kpi.Column
	statements []string
}

func (r *recorder) Exec(_ context.Context, query string, _ ...any) error {
	r.statements = append(r.statements, query)
	return nil
}

func (r *recorder) Columns(context.Context, string) ([]kpi.Column, error) { return r.columns, nil }

func (r *recorder) Text(_ context.Context, query string, _ ...any) (string, error) {
	if strings.HasSuffix(query, "from hidden_cell where found_in = 0") {
		return "1", nil
	}
	return "0", nil
}

// selectOf is the select that a statement stores, "" if it stores none.
func selectOf(statement string) string {
	for _, start := range []string{"with\n", "select "} {
		if at := strings.Index(statement, "\n"+start); at >= 0 {
			return statement[at+1:]
		}
	}
	return ""
}

func TestAggregator_writesPortableSQL(t *testing.T) {
	db, err := warehouse.Open(t.Context(), warehouse.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	names, err := fs.Glob(rollcallsql.FS, "kpi/*/*.sql")
	require.NoError(t, err)
	written := &recorder{columns: []kpi.Column{
		{Name: "happened_on", Type: "DATE"}, {Name: "identity_id", Type: "VARCHAR"}, {Name: "entity_id", Type: "VARCHAR"}, {Name: "community_id", Type: "VARCHAR"},
		{Name: "numerator", Type: "BOOLEAN"}, {Name: "denominator", Type: "BOOLEAN"}, {Name: "amount", Type: "DOUBLE"},
	}}
	var finished []kpi.Finished
	var entries []kpi.Entry
	for _, name := range names {
		text, err := fs.ReadFile(rollcallsql.FS, name)
		require.NoError(t, err)
		d, err := kpi.Parse(name, string(text))
		require.NoError(t, err)
		finished = append(finished, kpi.Finished{Definition: d})
		entries = append(entries, kpi.Entry{Definition: d})
	}
	run := kpi.Run{Zone: time.UTC, Today: "2026-02-01"}
	require.NoError(t, kpi.Compute(t.Context(), written, run, finished, func(...string) {}))
	require.NoError(t, kpi.Finish(t.Context(), written, run, finished))
	require.NoError(t, kpi.Describe(t.Context(), written, entries))
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
