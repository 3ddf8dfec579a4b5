package transforms_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
	"rollcall/transforms/kpi"
)

// A bench finishes cells that a test writes by hand, over the calendar of a
// real build: what is published of them is what is tested here.
type bench struct {
	*lake
	finished []kpi.Finished
	cells    []string // rows of the temporary table cell
	covered  map[string][]string
	run      kpi.Run
}

func newBench(t *testing.T) *bench {
	t.Helper()
	l := newLake(t)
	l.thread("1", "a", "2023-01-02T10:00:00Z", nil)
	l.coverBoard()
	l.build(l.builder(board("main")))
	return &bench{lake: l, covered: map[string][]string{}, run: kpi.Run{BuildID: "b1", ComputedAt: l.now, Today: l.now.Format(time.DateOnly), Zone: time.UTC}}
}

// define adds a KPI: fields are lines of its header that differ from a share by
// week and month. It is covered from 2020 to the day before today unless ranges
// like "2026-01-01..2026-03-01" say otherwise.
func (b *bench) define(id string, fields []string, ranges ...string) {
	b.t.Helper()
	header := map[string]string{
		"name": `"n"`, "definition": `"d"`, "formula": `"a / b"`, "data_source": `"s"`, "owner": `"community_manager"`, "cadence": `"weekly"`, "category": `"health"`,
		"measure": `"ratio"`, "unit": `"ratio"`, "direction": `"up"`, "additive": `"no"`, "grains": `["week", "month"]`, "window": `"w"`,
		"maturity": `"0d"`, "restate": `"35d"`, "segments": `["community_people"]`, "sources": `["community"]`, "leading": "true", "outcome": "false",
	}
	for _, line := range fields {
		name, value, _ := strings.Cut(line, " = ")
		header[name] = value
	}
	var text strings.Builder
	for name, value := range header {
		fmt.Fprintf(&text, "  %s = %s\n", name, value)
	}
	d, err := kpi.Parse("kpi/health/"+id+".sql", fmt.Sprintf("/*\nkpi %q {\n%s}\n*/\nselect 1", id, text.String()))
	require.NoError(b.t, err)
	b.finished = append(b.finished, kpi.Finished{Definition: d, Hash: "h", Number: 1, Reason: kpi.ByLateData})
	if len(ranges) == 0 {
		ranges = []string{"2020-01-01.." + b.run.Today}
	}
	b.covered[id] = ranges
}

// cell adds one cell; numbers are numerator, denominator, value and n, "null"
// allowed, then optionally both ends of the interval.
func (b *bench) cell(id, grain, start, segment string, numbers ...any) {
	segmentType, segmentValue, found := strings.Cut(segment, "=")
	if !found {
		segmentValue = "all"
	}
	for len(numbers) < 6 {
		numbers = append(numbers, "null")
	}
	b.cells = append(b.cells, fmt.Sprintf("('%s', '%s', date '%s', '%s', '%s', %v, %v, %v, %v, %v, %v, null, null)",
		append([]any{id, grain, start, segmentType, segmentValue}, numbers...)...))
}

func (b *bench) finish() {
	b.t.Helper()
	ctx := context.Background()
	require.NoError(b.t, b.db.Marts.Write(ctx, func(tx *warehouse.Tx) error {
		e := execer{tx}
		if err := kpi.Compute(ctx, kpi.Connections{Main: e}, b.run, nil, func(time.Duration, ...string) {}); err != nil {
			return err
		}
		var grains, covered, ids []string
		for _, f := range b.finished {
			ids = append(ids, f.ID)
			for _, grain := range f.Grains {
				grains = append(grains, fmt.Sprintf("('%s', '%s', '%s')", f.ID, grain, f.Windows[grain]))
			}
			for _, r := range b.covered[f.ID] {
				from, until, _ := strings.Cut(r, "..")
				covered = append(covered, fmt.Sprintf("('%s', date '%s', date '%s', true)", f.ID, from, until))
			}
		}
		for _, statement := range []string{
			`insert into kpi_grain select g.id, g.grain, case when g.w like 'r%' then 'roll' when g.w like 'mean%' then 'mean' else 'cal' end,
    coalesce(try_cast(regexp_extract(g.w, '^r([0-9]+)$', 1) as integer), 0), coalesce(try_cast(regexp_extract(g.w, '^r([0-9]+)m$', 1) as integer), 0)
from (values ` + strings.Join(grains, ", ") + ") as g (id, grain, w)",
			"insert into kpi_covered values " + strings.Join(covered, ", "),
			"insert into cell values " + strings.Join(b.cells, ", "),
		} {
			if err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%w: %s", err, statement)
			}
		}
		return errors.Join(kpi.Forget(ctx, e, ids), kpi.Finish(ctx, e, b.run, b.finished))
	}))
}

type execer struct{ *warehouse.Tx }

func (e execer) Columns(ctx context.Context, query string) ([]kpi.Column, error) {
	rows, err := e.Query(ctx, "select column_name, column_type from (describe "+query+")")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var columns []kpi.Column
	for rows.Next() {
		var c kpi.Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

func (e execer) Text(ctx context.Context, query string, args ...any) (text string, err error) {
	rows, err := e.Query(ctx, query, args...)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	rows.Next()
	return text, rows.Scan(&text)
}

func (b *bench) statuses(query string) []string {
	b.t.Helper()
	return b.rows("select segment_value, value, n, status from kpi.value where " + query + " order by grain, period_start, segment_value")
}

func TestFinish_hidesTheNextSmallestToo(t *testing.T) {
	b := newBench(t)
	b.define("a", nil)
	for _, c := range []struct {
		value string
		n     any
	}{{"x", 3}, {"y", 9}, {"z", 40}, {"zero", 0}} {
		b.cell("a", "week", "2026-01-05", "community="+c.value, 1, 2, 0.5, c.n)
	}
	b.cell("a", "week", "2026-01-05", "all", 1, 2, 0.5, 3)
	for _, value := range []string{"q", "p", "r"} { // ties go to the first name
		b.cell("a", "week", "2026-01-12", "community="+value, 1, 2, 0.5, 9)
	}
	b.cell("a", "week", "2026-01-12", "community=small", 1, 2, 0.5, 4)
	b.cell("a", "week", "2026-01-12", "community=five", 1, 2, 0.5, 50)
	b.cell("a", "week", "2026-01-19", "community=alone", 1, 2, 0.5, 4)
	b.cell("a", "week", "2026-01-19", "community=nobody", 0, 0, "null", 0)
	b.cell("a", "week", "2026-01-26", "community=views", 1, 2, 0.5, "null")
	b.cell("a", "week", "2026-01-26", "community=more", 1, 2, 0.5, "null")
	b.cell("a", "week", "2026-02-02", "community=two", 1, 2, 0.5, 4)
	b.cell("a", "week", "2026-02-02", "community=too", 1, 2, 0.5, 2)
	b.cell("a", "week", "2026-02-02", "community=big", 1, 2, 0.5, 5)
	b.finish()
	require.Equal(t, []string{"all|0.5|3|ok", "x|<nil>|<nil>|suppressed", "y|<nil>|<nil>|suppressed_complementary", "z|0.5|40|ok", "zero|0.5|0|ok"},
		b.statuses("period_start = date '2026-01-05'"))
	require.Equal(t, []string{"five|0.5|50|ok", "p|<nil>|<nil>|suppressed_complementary", "q|0.5|9|ok", "r|0.5|9|ok", "small|<nil>|<nil>|suppressed"},
		b.statuses("period_start = date '2026-01-12'"))
	require.Equal(t, []string{"alone|<nil>|<nil>|suppressed", "nobody|<nil>|0|zero_denominator"}, b.statuses("period_start = date '2026-01-19'"))
	require.Equal(t, []string{"more|0.5|<nil>|ok", "views|0.5|<nil>|ok"}, b.statuses("period_start = date '2026-01-26'"))
	require.Equal(t, []string{"big|0.5|5|ok", "too|<nil>|<nil>|suppressed", "two|<nil>|<nil>|suppressed"}, b.statuses("period_start = date '2026-02-02'"))
	require.Equal(t, []string{"0"}, b.rows("select count(*) from kpi.value where status like 'supp%' and coalesce(numerator, denominator, ci_low, ci_high, low, high) is not null"))
}

func TestFinish_hidesTheWholeOfSurveysBelowTen(t *testing.T) {
	b := newBench(t)
	b.define("survey", []string{"privacy_k = 10"})
	b.define("acts", nil)
	for _, id := range []string{"survey", "acts"} {
		b.cell(id, "month", "2026-01-01", "all", 4, 9, 0.444, 9)
		b.cell(id, "month", "2026-02-01", "all", 4, 10, 0.4, 10)
	}
	b.finish()
	require.Equal(t, []string{"all|0.444|9|ok", "all|0.4|10|ok"}, b.statuses("kpi_id = 'acts'"))
	require.Equal(t, []string{"all|<nil>|<nil>|suppressed", "all|0.4|10|ok"}, b.statuses("kpi_id = 'survey'"))
}

func TestFinish_hidesWhatTimeWouldGiveAway(t *testing.T) {
	b := newBench(t)
	count := []string{`measure = "count"`, `additive = "add"`, `grains = ["month", "quarter"]`, `unit = "count"`}
	b.define("sum", count)
	b.define("people", []string{`measure = "distinct"`, `grains = ["month", "quarter"]`, `unit = "count"`})
	b.define("mean", []string{`measure = "distinct"`, `grains = ["month", "quarter"]`, `windows = { quarter = "mean:month" }`, `unit = "count"`})
	for _, id := range []string{"sum", "people", "mean"} {
		for month, n := range map[string]int{"2026-01-01": 4, "2026-02-01": 20, "2026-03-01": 30} {
			b.cell(id, "month", month, "community=x", n, "null", n, n)
		}
		b.cell(id, "quarter", "2026-01-01", "community=x", 54, "null", 54, 25)
		for month, n := range map[string]int{"2025-10-01": 3, "2025-11-01": 2, "2025-12-01": 30} { // two hidden months keep each other
			b.cell(id, "month", month, "community=x", n, "null", n, n)
		}
		b.cell(id, "quarter", "2025-10-01", "community=x", 35, "null", 35, 30)
	}
	b.finish()
	quarters := func(id string) []string {
		return b.rows("select status from kpi.value where grain = 'quarter' and kpi_id = ? order by period_start", id)
	}
	require.Equal(t, []string{"ok", "suppressed_complementary"}, quarters("sum"))
	require.Equal(t, []string{"ok", "suppressed_complementary"}, quarters("mean"))
	require.Equal(t, []string{"ok", "ok"}, quarters("people"), "distinct people do not add up")
}
