package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world"
	"rollcall/internal/world/truth"
)

// worldScale is how large a test's company is: the usual, or what `make nightly`
// says.
func worldScale(t *testing.T, usual float64) float64 {
	t.Helper()
	text := os.Getenv("ROLLCALL_WORLD_SCALE")
	if text == "" {
		return usual
	}
	scale, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return scale
}

// A made-up company's APIs and files, read by the program and its connector
// processes as a user would, give the people, the companies and the KPIs that
// the company's log says.
func TestEndToEnd_equalsTheTruth(t *testing.T) {
	s := newSite(t, "")
	a := &app{now: time.Now}
	company, err := a.openTidewater(s.dir, demoRun{seed: 1, scale: worldScale(t, 0.2)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, company.close()) })
	require.NoError(t, company.export(company.world.Start, company.world.End))
	began := time.Now()
	s.ok("run", "--once")

	w := company.world
	known := w.Known(world.MomentOf(began))
	s.requireSamePeople(w, known)
	s.requireSameCompanies(w, world.MomentOf(began))
	want := truth.ComputeRead(w, began, truth.Reading{Looks: []time.Time{began}, People: known, Companies: w.KnownOrgs(world.MomentOf(began))})
	s.requireTruth(w, want)
}

// textPairs reads pairs of texts from the published file.
func (s *site) textPairs(query string) map[string]string {
	s.t.Helper()
	found := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(s.ok("query", query)), "\n")[1:] {
		key, value, ok := strings.Cut(line, "\t")
		require.True(s.t, ok, line)
		found[key] = value
	}
	return found
}

// requireSamePeople compares the people found with those that can be known. The
// login that two people use belongs to either.
func (s *site) requireSamePeople(w *world.World, known []int32) {
	s.t.Helper()
	person := s.textPairs("select identity_id, person_id from core.person_identity")
	claimed := w.Planted.Claimed
	s.requireSamePartition(known, func(i int) (string, string) {
		id := w.IdentityID(world.LoginID(i))
		if world.LoginID(i) == claimed {
			return id, ""
		}
		return id, person[id]
	})
	users := slices.Concat(w.LoginsOf(w.Logins[claimed].Person), w.LoginsOf(w.Logins[claimed].Second))
	require.True(s.t, slices.ContainsFunc(users, func(login world.LoginID) bool {
		return login != claimed && person[w.IdentityID(login)] == person[w.IdentityID(claimed)]
	}), "%s belongs to neither of the two who use it", w.IdentityID(claimed))
}

func (s *site) requireSameCompanies(w *world.World, at world.Moment) {
	s.t.Helper()
	account := s.textPairs("select org_id, account_id from core.account_source")
	s.requireSamePartition(w.KnownOrgs(at), func(i int) (string, string) {
		id := w.FullOrgID(world.OrgID(i))
		return id, account[id]
	})
}

// requireSamePartition compares numbers with what was found; what is not
// found was shown by no source.
func (s *site) requireSamePartition(want []int32, found func(i int) (id, whole string)) {
	s.t.Helper()
	there, back, compared := map[int32]string{}, map[string]int32{}, 0
	var wrong []string
	for i := range want {
		id, whole := found(i)
		if whole == "" {
			continue
		}
		compared++
		a, okA := there[want[i]]
		b, okB := back[whole]
		if okA && a != whole || okB && b != want[i] {
			wrong = append(wrong, fmt.Sprintf("%s (%d) is in %s; %d was before, and there %s", id, want[i], whole, b, a))
			continue
		}
		there[want[i]], back[whole] = whole, want[i]
	}
	require.Greater(s.t, 2*compared, len(want))
	if len(wrong) > 0 {
		s.t.Errorf("%d of %d differ:\n  %s", len(wrong), compared, strings.Join(wrong[:min(len(wrong), 20)], "\n  "))
	}
	s.t.Logf("%d are %d", compared, len(back))
}

// published reads all values by month.
func (s *site) published() map[truth.Cell]truth.Published {
	s.t.Helper()
	found := map[truth.Cell]truth.Published{}
	decoder := json.NewDecoder(strings.NewReader(s.ok("query", "--json", `
select kpi_id, strftime(period_start, '%Y-%m-%d') as period, segment_type, segment_value, value, numerator, denominator, status, is_partial
from kpi.value where grain = 'month'`)))
	for decoder.More() {
		var row struct {
			KPI                           string `json:"kpi_id"`
			Period                        string
			SegmentType                   string `json:"segment_type"`
			SegmentValue                  string `json:"segment_value"`
			Value, Numerator, Denominator *float64
			Status                        string
			IsPartial                     bool `json:"is_partial"`
		}
		require.NoError(s.t, decoder.Decode(&row))
		found[truth.Cell{KPI: row.KPI, Period: row.Period, SegmentType: row.SegmentType, SegmentValue: row.SegmentValue}] =
			truth.Published{Value: row.Value, Numerator: row.Numerator, Denominator: row.Denominator, Status: row.Status, IsPartial: row.IsPartial}
	}
	return found
}

// requireTruth compares every KPI that is configured; the others are not by
// the truth either.
func (s *site) requireTruth(w *world.World, want *truth.Truth) {
	s.t.Helper()
	for kpi, status := range s.textPairs("select kpi_id, status from kpi.dictionary where is_current") {
		require.True(s.t, want.Knows(kpi), "%s has no truth", kpi)
		isTold := slices.ContainsFunc(want.Values, func(v truth.Value) bool { return v.KPI == kpi })
		if isTold && status != "configured" || slices.Contains(want.NotConfigured, kpi) && status == "configured" {
			s.t.Errorf("%s is %s", kpi, status)
		}
	}
	c := want.Compare(s.published(), w.Start.Time().AddDate(0, 0, 1))
	for kpi, list := range c.Wrong {
		s.t.Errorf("%s: %d differ:\n  %s", kpi, len(list), strings.Join(list[:min(len(list), 8)], "\n  "))
	}
	sum := 0
	for _, n := range c.Compared {
		sum += n
	}
	require.NotZero(s.t, sum)
	s.t.Logf("compared %d values of %d KPIs and %d of slices", sum, len(c.Compared), c.OfSlices)
}
