package sql_test

import (
	"context"
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

// now is when every site is synced and built, a Wednesday: all maturity windows of
// the first half of 2026 have passed.
var now = time.Date(2026, 9, 2, 12, 0, 0, 0, time.UTC)

// A heldClock stands still until a test sets it.
type heldClock struct{ time time.Time }

func (c *heldClock) Now() time.Time { return c.time }

func (c *heldClock) Sleep(context.Context, time.Duration) error {
	return errors.New("a fixture's sync has nothing to wait for")
}

// A site is a data directory that is synced from a fixture's files and built.
type site struct {
	dir    string
	cfg    *config.Config
	clock  *heldClock
	db     *warehouse.DB
	engine *sync.Engine
}

// buildSite is a site synced once and built.
func buildSite(t testing.TB, f *fixture, more string, ids map[string]bool) *site {
	t.Helper()
	s := openSite(t, f, more)
	s.sync(t, f, now)
	s.build(t, ids)
	return s
}

// openSite configures an empty site whose files are those of the fixture. more
// is more of the configuration.
func openSite(t testing.TB, f *fixture, more string) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), clock: &heldClock{now}}
	s.cfg = parseConfig(t, fmt.Sprintf(`
data_dir = %q
privacy { identity_matching = "legitimate_interest" }
connector "files" "fixture" {
  kinds       = ["community", "events", "survey", "product", "web"]
  email_trust = "staff"
  key_secret  = env("FIXTURE_KEY")
%s}
%s`, filepath.Join(s.dir, "data"), f.blocks(s.dir), more))
	ctx := t.Context()
	var err error
	s.db, err = warehouse.Open(ctx, warehouse.Options{Dir: s.cfg.DataDir, MemoryLimit: "512MB"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.db.Close()) })
	_, err = s.db.Migrate(ctx, s.cfg.BackupsDir(), now)
	require.NoError(t, err)
	s.engine, err = sync.New(ctx, sync.Options{DB: s.db, Config: s.cfg, Clock: s.clock, Log: slog.New(slog.DiscardHandler),
		Bundled: func(typ string) []string { return []string{"/proc/self/exe", "connector", typ} }})
	require.NoError(t, err)
	return s
}

// sync writes the fixture's files and reads them by the files connector in a
// child process, through the sync engine.
func (s *site) sync(t testing.TB, f *fixture, at time.Time) {
	t.Helper()
	s.clock.time = at
	f.write(s.dir)
	outcomes, err := s.engine.Sync(t.Context(), sync.Request{Selections: []sync.Selection{{Instance: "fixture", Streams: f.shapes()}}})
	require.NoError(t, err)
	for _, o := range outcomes {
		require.Equal(t, sync.StatusOK, o.Status, "%s: %s", o.Stream, o.Reason)
		require.Zero(t, o.Rejected, o.Stream)
	}
}

// build builds the product's models and the KPIs named with what these derive
// from.
func (s *site) build(t testing.TB, ids map[string]bool) {
	t.Helper()
	s.clock.time = now
	builder, err := transforms.New(t.Context(), transforms.Options{DB: s.db, Config: s.cfg, SQL: withKPIs(t, ids), Sources: sources(s.cfg),
		Now: s.clock.Now, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	_, err = builder.Build(t.Context(), transforms.BuildRequest{})
	require.NoError(t, err)
}

func parseConfig(t testing.TB, text string) *config.Config {
	t.Helper()
	spec := files.New().Spec()
	cfg, err := config.Parse("rollcall.hcl", []byte(text), config.LoadOptions{
		Types:  []string{spec.Type},
		Spec:   func(string, []string, string) (connectors.Spec, error) { return spec, nil },
		Getenv: func(name string) (string, bool) { return "of the fixture", name == "FIXTURE_KEY" },
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
	rows, err := s.db.SQL().QueryContext(t.Context(), `select v.value, v.numerator, v.denominator, v.n, v.ci_low, v.ci_high, v.status
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
	require.NoError(t, s.db.SQL().QueryRowContext(t.Context(),
		"select status, coalesce(missing, '') from marts.kpi.dictionary where kpi_id = ?", id).Scan(&status, &missing))
	return status, missing
}

// count runs a select of one number over the marts.
func (s *site) count(t testing.TB, query string, args ...any) int {
	t.Helper()
	var n int
	require.NoError(t, s.db.SQL().QueryRowContext(t.Context(), query, args...).Scan(&n))
	return n
}
