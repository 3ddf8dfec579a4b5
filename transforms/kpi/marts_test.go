package kpi_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
	rollcallsql "rollcall/sql"
	"rollcall/transforms/kpi"
)

// marts is a database with the product's calendar and small tables of a test's
// own.
type marts struct {
	t     testing.TB
	conn  *sql.Conn
	today string
	from  string // first day of coverage and of the data
}

// session lets the aggregator run statements on one connection.
type session struct{ conn *sql.Conn }

func (s session) Exec(ctx context.Context, query string, args ...any) error {
	if _, err := s.conn.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("%w in\n%s", err, query)
	}
	return nil
}

func (s session) Columns(ctx context.Context, query string) (columns []kpi.Column, err error) {
	rows, err := s.conn.QueryContext(ctx, "select column_name, column_type from (describe "+query+")")
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var c kpi.Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Close()
}

func (s session) Text(ctx context.Context, query string, args ...any) (text string, err error) {
	err = s.conn.QueryRowContext(ctx, query, args...).Scan(&text)
	return text, err
}

func newMarts(t testing.TB, from, today string) *marts {
	t.Helper()
	db, err := warehouse.Open(t.Context(), warehouse.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	_, err = db.Migrate(t.Context(), t.TempDir(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	conn, err := db.SQL().Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		require.NoError(t, db.Close())
	})
	m := &marts{t: t, conn: conn, today: today, from: from}
	for _, schema := range []string{"ref", "core", "mart", "kpi"} {
		m.exec("create schema if not exists marts." + schema)
	}
	m.exec("set search_path = 'marts.main,marts.ref,marts.core,marts.mart,marts.kpi'")
	m.exec("create table marts.ref.setting (name varchar, value varchar)")
	m.exec("insert into ref.setting values ('today', ?), ('fiscal_year_start', '1'), ('time_zone', 'UTC')", today)
	m.exec("create table marts.ref.param (name varchar, value varchar)")
	prelude, err := fs.ReadFile(rollcallsql.FS, "prelude.sql")
	require.NoError(t, err)
	m.exec(string(prelude))
	m.exec("create table marts.ref.data_start as select cast(? as date) as first_on", from)
	m.calendar()
	m.exec("create table marts.core.person_identity (identity_id varchar, person_id varchar)")
	m.exec("create table marts.mart.person (person_id varchar, join_month varchar, join_channel varchar)")
	m.exec(`create table marts.mart.person_period (grain varchar, period_start date, community_id varchar, person_id varchar,
    is_active boolean, is_contributor boolean, join_month varchar, join_channel varchar, engagement_level varchar, engagement_level_start varchar)`)
	return m
}

// calendar makes ref.calendar and ref.period by the product's own models.
func (m *marts) calendar() {
	m.t.Helper()
	for _, table := range []string{"calendar", "period"} {
		text, err := fs.ReadFile(rollcallsql.FS, "ref/"+table+".sql")
		require.NoError(m.t, err)
		m.exec("create or replace table marts.ref." + table + " as\n" + string(text))
	}
}

func (m *marts) exec(query string, args ...any) {
	m.t.Helper()
	_, err := m.conn.ExecContext(m.t.Context(), query, args...)
	require.NoError(m.t, err, query)
}

// people gives each identity "x" the person "P-x", with join month and channel.
func (m *marts) people(list ...string) {
	m.t.Helper()
	for _, each := range list {
		f := append(strings.Fields(each), "unknown", "unknown")
		m.exec("insert into core.person_identity values (?, ?)", f[0], "P-"+f[0])
		m.exec("insert into mart.person values (?, ?, ?)", "P-"+f[0], f[1], f[2])
	}
}

// level states how engaged a person was in a period and before it.
func (m *marts) level(who, grain, start, level, before string) {
	m.t.Helper()
	m.exec(`insert into mart.person_period (grain, period_start, community_id, person_id, is_active, engagement_level, engagement_level_start)
values (?, cast(? as date), 'all', ?, true, ?, ?)`, grain, start, "P-"+who, level, before)
}

// file is a KPI file with these fields beside the usual ones.
func file(id, fields, sql string) string {
	usual := map[string]string{
		"name": `"n"`, "definition": `"d"`, "formula": `"f"`, "data_source": `"s"`, "owner": `"community_manager"`, "cadence": `"weekly"`, "category": `"health"`,
		"unit": `"count"`, "direction": `"up"`, "additive": `"no"`, "grains": `["month"]`, "window": `"w"`, "maturity": `"0d"`, "restate": `"0d"`,
		"segments": `[]`, "sources": `["community"]`, "leading": "true", "outcome": "false",
	}
	text := fmt.Sprintf("/*\nkpi %q {\n", id)
	for _, line := range strings.Split(fields, "\n") {
		name, value, found := strings.Cut(line, "=")
		if found {
			usual[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	for name, value := range usual {
		text += name + " = " + value + "\n"
	}
	return text + "}\n*/\n" + sql
}

func parse(t testing.TB, files ...string) []*kpi.Definition {
	t.Helper()
	var definitions []*kpi.Definition
	for i, text := range files {
		d, err := kpi.Parse(fmt.Sprintf("kpi/health/file%d.sql", i+1), text)
		require.NoError(t, err)
		definitions = append(definitions, d)
	}
	ordered, err := kpi.Order(definitions)
	require.NoError(t, err)
	return ordered
}

// try computes the files, all covered from the first day on.
func (m *marts) try(files ...string) error {
	m.t.Helper()
	from, err := time.Parse(time.DateOnly, m.from)
	require.NoError(m.t, err)
	until, err := time.Parse(time.DateOnly, m.today)
	require.NoError(m.t, err)
	var configured []kpi.Finished
	for _, d := range parse(m.t, files...) {
		configured = append(configured, kpi.Finished{Definition: d, Covered: []kpi.Interval{{From: from, Until: until.AddDate(0, 0, 1)}}})
	}
	run := kpi.Run{Today: m.today, Zone: time.UTC}
	return kpi.Compute(m.t.Context(), kpi.Connections{Main: session{m.conn}}, run, configured, func(time.Duration, ...string) {})
}

// compute computes the files and wants every cell explained by its rows.
func (m *marts) compute(files ...string) {
	m.t.Helper()
	require.NoError(m.t, m.try(files...))
	m.explains(parse(m.t, files...))
}

// rows reads a select as texts joined by |.
func (m *marts) rows(query string, args ...any) []string {
	m.t.Helper()
	rows, err := m.conn.QueryContext(m.t.Context(), query, args...)
	require.NoError(m.t, err, query)
	defer func() { require.NoError(m.t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(m.t, err)
	var lines []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		require.NoError(m.t, rows.Scan(values...))
		var cells []string
		for _, v := range values {
			cell := *v.(*any)
			if cell == nil {
				cell = "-"
			}
			cells = append(cells, fmt.Sprint(cell))
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	require.NoError(m.t, rows.Err())
	return lines
}

// cells are those of a grain: period|type|value|numerator|denominator|value|n.
func (m *marts) cells(id, grain string) []string {
	m.t.Helper()
	return m.rows(`select strftime(period_start, '%m-%d'), segment_type || case when segment_type = 'all' then '' else '=' || segment_value end,
    numerator, denominator, round(value, 6), n from temp.cell where kpi_id = ? and grain = ? order by period_start, segment_type, segment_value`, id, grain)
}

// cell is one cell of a whole: numerator|denominator|value|n.
func (m *marts) cell(id, grain, start string) string {
	m.t.Helper()
	return strings.Join(m.rows(`select numerator, denominator, round(value, 6), n from temp.cell
where kpi_id = ? and grain = ? and period_start = cast(? as date) and segment_type = 'all'`, id, grain, start), " and ")
}
