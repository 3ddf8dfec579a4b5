package sql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/files"
	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	rollcallsql "rollcall/sql"
	"rollcall/sync"
	"rollcall/transforms"
)

// TestMain makes the test binary its own child: "TEST connector files".
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "connector" {
		connectors.Serve(files.New())
		return
	}
	os.Exit(m.Run())
}

// now is when every site is synced and built: all maturity windows of 2026's
// first half have passed.
var now = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

type stillClock struct{}

func (stillClock) Now() time.Time { return now }

func (stillClock) Sleep(context.Context, time.Duration) error {
	return errors.New("a fixture's sync has nothing to wait for")
}

// A site is a data directory that was synced from a fixture's files and built.
type site struct {
	db *sql.DB
}

// buildSite writes the fixture as files, reads them by the files connector in
// a child process through the sync engine, and builds the product's models with
// the KPIs named and what these derive from.
func buildSite(t testing.TB, f *fixture, more string, ids map[string]bool) *site {
	t.Helper()
	dir := t.TempDir()
	cfg := parseConfig(t, fmt.Sprintf(`
data_dir = %q
privacy { identity_matching = "legitimate_interest" }
connector "files" "fixture" {
  kinds       = ["community", "events", "survey", "product", "web"]
  email_trust = "staff"
%s}
%s`, filepath.Join(dir, "data"), f.write(dir), more))

	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	db, err := warehouse.Open(ctx, warehouse.Options{Dir: cfg.DataDir, MemoryLimit: "512MB"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.Migrate(ctx, cfg.BackupsDir(), now)
	require.NoError(t, err)

	engine, err := sync.New(ctx, sync.Options{DB: db, Config: cfg, Clock: stillClock{}, Log: log,
		Bundled: func(typ string) []string { return []string{"/proc/self/exe", "connector", typ} }})
	require.NoError(t, err)
	outcomes, err := engine.Sync(ctx, sync.Request{Selections: []sync.Selection{{Instance: "fixture", Streams: f.shapes()}}})
	require.NoError(t, err)
	for _, o := range outcomes {
		require.Equal(t, sync.StatusOK, o.Status, "%s: %s", o.Stream, o.Reason)
		require.Zero(t, o.Rejected, o.Stream)
	}

	builder, err := transforms.New(ctx, transforms.Options{DB: db, Config: cfg, SQL: withKPIs(t, ids), Sources: sources(cfg), Now: stillClock{}.Now, Log: log})
	require.NoError(t, err)
	_, err = builder.Build(ctx, transforms.BuildRequest{})
	require.NoError(t, err)
	return &site{db: db.SQL()}
}

func parseConfig(t testing.TB, text string) *config.Config {
	t.Helper()
	spec := files.New().Spec()
	cfg, err := config.Parse("rollcall.hcl", []byte(text), config.LoadOptions{
		Types:  []string{spec.Type},
		Spec:   func(string, []string, string) (connectors.Spec, error) { return spec, nil },
		Getenv: func(string) (string, bool) { return "", false },
	})
	require.NoError(t, err)
	return cfg
}

// sources tells transforms what is configured.
func sources(cfg *config.Config) []transforms.Source {
	var list []transforms.Source
	for _, c := range cfg.Connectors {
		source := transforms.Source{Type: c.Type, Version: c.Spec.Version, Staging: c.Spec.Staging}
		for _, s := range c.Spec.Streams {
			source.Streams = append(source.Streams, transforms.Stream{Name: s.Name, Fields: s.Fields})
		}
		instance := transforms.Instance{Name: c.Name, EmailTrust: string(c.EmailTrust)}
		for _, kind := range c.Kinds {
			instance.Kinds = append(instance.Kinds, string(kind))
		}
		source.Instances = append(source.Instances, instance)
		list = append(list, source)
	}
	return list
}

// someKPIs is the product's SQL with no more KPI files than these.
type someKPIs struct {
	fs.FS
	files map[string]bool
}

var (
	quoted = regexp.MustCompile(`['"]([a-z0-9_]+)['"]`)
	links  = regexp.MustCompile(`(?m)^ *(depends|variant_of|disputed) +=.*$`)
)

// withKPIs is the product's SQL with the KPIs named, those they refer to in
// their headers, and those whose cells their selects read.
func withKPIs(t testing.TB, ids map[string]bool) fs.FS {
	t.Helper()
	found, err := fs.Glob(rollcallsql.FS, "kpi/*/*.sql")
	require.NoError(t, err)
	fileOf := map[string]string{}
	for _, file := range found {
		fileOf[strings.TrimSuffix(path.Base(file), ".sql")] = file
	}
	some := someKPIs{FS: rollcallsql.FS, files: map[string]bool{}}
	var add func(id string)
	add = func(id string) {
		file := fileOf[id]
		if file == "" || some.files[file] {
			return
		}
		some.files[file] = true
		text, err := fs.ReadFile(rollcallsql.FS, file)
		require.NoError(t, err)
		header, body, _ := strings.Cut(string(text), "*/")
		for _, word := range quoted.FindAllStringSubmatch(strings.Join(links.FindAllString(header, -1), "\n")+body, -1) {
			add(word[1])
		}
	}
	for id := range ids {
		require.Contains(t, fileOf, id, "no file sql/kpi/*/%s.sql", id)
		add(id)
	}
	return some
}

func (s someKPIs) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(s.FS, name)
	if path.Dir(name) != "kpi" {
		return entries, err
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !s.files[path.Join(name, e.Name())] }), err
}

// A valueRow is one row of kpi.value.
type valueRow struct {
	value, numerator, denominator, n, low, high *float64
	status                                      string
}

func (s *site) values(t testing.TB, w want) []valueRow {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), `select v.value, v.numerator, v.denominator, v.n, v.ci_low, v.ci_high, v.status
from marts.kpi.value as v
inner join marts.ref.period as p on p.grain = v.grain and p.period_start = v.period_start
where v.kpi_id = ? and p.label = ? and v.segment_type = ? and v.segment_value = ?`, w.id, w.period, w.segment[0], w.segment[1])
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var list []valueRow
	for rows.Next() {
		var r valueRow
		require.NoError(t, rows.Scan(&r.value, &r.numerator, &r.denominator, &r.n, &r.low, &r.high, &r.status))
		list = append(list, r)
	}
	require.NoError(t, rows.Err())
	return list
}

// dictionary says whether a KPI is computed, and what is missing if not.
func (s *site) dictionary(t testing.TB, id string) (status, missing string) {
	t.Helper()
	require.NoError(t, s.db.QueryRowContext(t.Context(),
		"select status, coalesce(missing, '') from marts.kpi.dictionary where kpi_id = ?", id).Scan(&status, &missing))
	return status, missing
}

// count runs a select of one number over the marts.
func (s *site) count(t testing.TB, query string, args ...any) int {
	t.Helper()
	var n int
	require.NoError(t, s.db.QueryRowContext(t.Context(), query, args...).Scan(&n))
	return n
}
