package kpi_test

import (
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCompute_equalsBruteForce compares every cell of KPIs of all measures,
// kinds of atoms, windows and options, over random atoms of random people, with
// a computation that goes through the atoms of each period one by one.
func TestCompute_equalsBruteForce(t *testing.T) {
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			w.store()
			specs := w.specs()
			var files []string
			for _, s := range specs {
				files = append(files, s.file())
			}
			w.marts.compute(files...)
			found := w.marts.found()
			for _, s := range specs {
				w.compare(s, found[s.id])
			}
		})
	}
}

// seeds are the worlds that are tried: one of fiscal years, or as many as
// ROLLCALL_WORLDS says, every other one of calendar years.
func seeds(t *testing.T) []uint64 {
	t.Helper()
	text := os.Getenv("ROLLCALL_WORLDS")
	if text == "" {
		return []uint64{1}
	}
	worlds, err := strconv.ParseUint(text, 10, 16)
	require.NoError(t, err)
	var list []uint64
	for seed := range worlds {
		list = append(list, seed)
	}
	return list
}

// place names a cell of one KPI.
type place struct{ grain, start, type_, value string }

// numbers are those of a cell; NaN where one is null.
type numbers struct{ numerator, denominator, value, n, low, high float64 }

func (m *marts) found() map[string]map[place]numbers {
	m.t.Helper()
	rows, err := m.conn.QueryContext(m.t.Context(), `select kpi_id, grain, strftime(period_start, '%Y-%m-%d'), segment_type, segment_value,
    coalesce(numerator, 'nan'), coalesce(denominator, 'nan'), coalesce(value, 'nan'), coalesce(cast(n as double), 'nan'), coalesce(ci_low, 'nan'), coalesce(ci_high, 'nan')
from temp.cell`)
	require.NoError(m.t, err)
	defer func() { require.NoError(m.t, rows.Close()) }()
	found := map[string]map[place]numbers{}
	for rows.Next() {
		var id string
		var p place
		var x numbers
		require.NoError(m.t, rows.Scan(&id, &p.grain, &p.start, &p.type_, &p.value, &x.numerator, &x.denominator, &x.value, &x.n, &x.low, &x.high))
		if found[id] == nil {
			found[id] = map[place]numbers{}
		}
		require.NotContains(m.t, found[id], p, id)
		found[id][p] = x
	}
	require.NoError(m.t, rows.Err())
	return found
}

// compare finds each cell that is not what brute force says, that is missing,
// or that should not be there.
func (w *world) compare(s spec, found map[place]numbers) {
	expected := w.expected(s)
	var faults []string
	for p, want := range expected {
		got, isFound := found[p]
		isEmpty := want.numerator == 0 && (orZero(want.denominator) == 0 || s.option == "per" || s.option == "numerator_only" && p.type_ == "topic")
		isNeeded := !isEmpty || p.type_ == "all" && !strings.HasPrefix(s.windows[p.grain], "mean")
		if s.measure == "median" {
			isNeeded = want.denominator > 0 || p.type_ == "all" && !strings.HasPrefix(s.windows[p.grain], "mean")
		}
		if !isFound && isNeeded {
			faults = append(faults, fmt.Sprintf("%v is missing: %v", p, want))
		}
		if isFound && !same(got, want) {
			faults = append(faults, fmt.Sprintf("%v is %v, want %v", p, got, want))
		}
	}
	for p, got := range found {
		if _, isExpected := expected[p]; !isExpected {
			faults = append(faults, fmt.Sprintf("%v should not be there: %v", p, got))
		}
	}
	sort.Strings(faults)
	if len(faults) > 0 {
		w.t.Errorf("%s: %d of %d cells, today %s, %+v\n%s\n%s", s.id, len(faults), len(expected), w.today.Format(time.DateOnly), s, s.sql(),
			strings.Join(faults[:min(len(faults), 6)], "\n"))
	}
}

func orZero(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return x
}

func same(a, b numbers) bool {
	near := func(x, y float64) bool {
		return math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= 1e-9*(1+math.Abs(y))
	}
	isSame := near(a.numerator, b.numerator) || b.denominator == 0 && orZero(a.numerator) == 0 && orZero(b.numerator) == 0
	return isSame && near(a.denominator, b.denominator) && near(a.value, b.value) && orZero(a.n) == orZero(b.n) &&
		near(a.low, b.low) && near(a.high, b.high)
}
