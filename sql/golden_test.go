package sql_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A golden is one entry of the KPI catalogue or one of its edges: what
// happened, and which values the KPIs have then.
type golden struct {
	name  string
	given func(f *fixture)
	want  []want
}

// A want is what is expected of one row of kpi.value. What is not stated is not
// looked at.
type want struct {
	id, period    string // "2026-02", "2026-W06", "2026-Q1", "2026-02-05"
	segment       [2]string
	value         expected
	numerator     expected
	denominator   expected
	people        expected
	low, high     expected
	hasStatus     string
	isAbsent      bool
	notConfigured string
}

// An expected number; stated and without a number it is NULL.
type expected struct {
	number   float64
	isStated bool
	isNull   bool
}

func number(x float64) expected { return expected{number: x, isStated: true} }

func null() expected { return expected{isStated: true, isNull: true} }

// is expects a value of the whole.
func is(id, period string, value float64) want {
	return want{id: id, period: period, segment: [2]string{"all", "all"}, value: number(value)}
}

// isNull expects a row without a value.
func isNull(id, period string) want {
	w := is(id, period, 0)
	w.value = null()
	return w
}

// hidden expects a row that tells nothing.
func hidden(id, period string) want {
	w := isNull(id, period)
	w.numerator, w.denominator, w.people = null(), null(), null()
	return w
}

// isAbsent expects no row.
func isAbsent(id, period string) want {
	w := is(id, period, 0)
	w.isAbsent = true
	return w
}

// isNotConfigured expects no row at all, and the dictionary to say why.
func isNotConfigured(id, why string) want { return want{id: id, notConfigured: why} }

// in says which slice is meant.
func (w want) in(segmentType, segmentValue string) want {
	w.segment = [2]string{segmentType, segmentValue}
	return w
}

// of adds numerator and denominator.
func (w want) of(numerator, denominator float64) want {
	w.numerator, w.denominator = number(numerator), number(denominator)
	return w
}

// n adds how many people stand behind the value.
func (w want) n(people float64) want {
	w.people = number(people)
	return w
}

// between adds the 95 % interval.
func (w want) between(low, high float64) want {
	w.low, w.high = number(low), number(high)
	return w
}

// status adds the row's status.
func (w want) status(status string) want {
	w.hasStatus = status
	return w
}

// checkGoldens builds one lake in which all the cases happened, and compares.
// So cases of one list use months of their own, and a case that concerns stocks
// or what a whole site can tell has a list of its own. config is more of the
// configuration.
func checkGoldens(t *testing.T, config string, cases []golden) *site {
	t.Helper()
	f := newFixture(t)
	ids := map[string]bool{}
	for i, c := range cases {
		f.scope = fmt.Sprintf("c%d-", i)
		f.community = "main"
		c.given(f)
		for _, w := range c.want {
			ids[w.id] = true
		}
	}
	s := buildSite(t, f, config, ids)
	for _, c := range cases {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			for _, w := range c.want {
				w.check(t, s)
			}
		})
	}
	return s
}

func (w want) check(t *testing.T, s *site) {
	t.Helper()
	if w.notConfigured != "" {
		status, missing := s.dictionary(t, w.id)
		require.Equal(t, "not_configured", status, w.id)
		require.Contains(t, missing, w.notConfigured, w.id)
		require.Zero(t, s.count(t, "select count(*) from marts.kpi.value where kpi_id = ?", w.id), "%s has rows", w.id)
		return
	}
	label := fmt.Sprintf("%s %s %s=%s", w.id, w.period, w.segment[0], w.segment[1])
	rows := s.values(t, w)
	if w.isAbsent {
		require.Empty(t, rows, label)
		return
	}
	status, missing := s.dictionary(t, w.id)
	require.Len(t, rows, 1, "%s: rows in kpi.value; the dictionary: %s %s", label, status, missing)
	row := rows[0]
	w.value.check(t, row.value, label+": value")
	w.numerator.check(t, row.numerator, label+": numerator")
	w.denominator.check(t, row.denominator, label+": denominator")
	w.people.check(t, row.n, label+": n")
	w.low.check(t, row.low, label+": ci_low")
	w.high.check(t, row.high, label+": ci_high")
	if w.hasStatus != "" {
		require.Equal(t, w.hasStatus, row.status, "%s: status", label)
	}
}

// tolerance is how far a value may lie from the catalogue's, which gives six
// digits.
const tolerance = 1e-6

func (e expected) check(t *testing.T, found *float64, label string) {
	t.Helper()
	switch {
	case !e.isStated:
	case e.isNull:
		require.Nil(t, found, label)
	default:
		require.NotNil(t, found, label)
		require.False(t, math.IsNaN(*found), label)
		require.InDelta(t, e.number, *found, tolerance, label)
	}
}
