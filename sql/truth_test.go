package sql_test

import (
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world"
	"rollcall/internal/world/truth"
	rollcallsql "rollcall/sql"
)

// A published value is one of kpi.value by month.
type published struct {
	value, numerator, denominator *float64
	status                        string
	isPartial                     bool
}

type cellKey struct{ kpi, period, segment, value string }

// TestTruth_equalsThePipeline lets a made-up company's two years go through
// files, sync and build, and compares every KPI, month and slice with what the
// log says: once with repositories, where nobody knows who visits, and once
// without.
func TestTruth_equalsThePipeline(t *testing.T) {
	w, err := world.New(world.Options{Seed: 1, Scale: 0.2, End: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	t.Run("visits_unknown", func(t *testing.T) { checkTruth(t, w) })
	t.Run("visits_known", func(t *testing.T) { checkTruth(t, withoutRepositories(w)) })
}

func checkTruth(t *testing.T, w *world.World) {
	ids := allKPIs(t)
	s := buildSite(t, tellWorld(t, w, world.MomentOf(now)), worldConfig(), ids)
	want := truth.ComputeRead(w, now, truth.Reading{Objecting: true})
	resolved := s.people(t, w)
	t.Logf("logins: %d, people: %d, resolved: %d", len(w.Logins), distinct(want.People), distinct(resolved))
	requireSamePeople(t, w, want.People, resolved)
	for id := range ids {
		status, _ := s.dictionary(t, id)
		isTold := slices.ContainsFunc(want.Values, func(v truth.Value) bool { return v.KPI == id })
		require.True(t, !isTold || status != "not_configured", "%s has a truth and is %s", id, status)
		require.True(t, !slices.Contains(want.NotConfigured, id) || status == "not_configured", "%s is %s", id, status)
		require.True(t, want.Knows(id), "%s has no truth", id)
	}
	compareTruth(t, want, s.published(t), w.Start.Time())
}

// allKPIs are those of the product's files.
func allKPIs(t *testing.T) map[string]bool {
	t.Helper()
	found, err := fs.Glob(rollcallsql.FS, "kpi/*/*.sql")
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, file := range found {
		ids[strings.TrimSuffix(path.Base(file), ".sql")] = true
	}
	return ids
}

// withoutRepositories is a world in which nothing happened on GitHub.
func withoutRepositories(w *world.World) *world.World {
	rest := *w
	rest.Communities, rest.Events = nil, nil
	for _, c := range w.Communities { // the repositories come last
		if c.Source != world.GitHub {
			rest.Communities = append(rest.Communities, c)
		}
	}
	for _, e := range w.Events {
		if e.Login == world.None || w.Logins[e.Login].Source != world.GitHub {
			rest.Events = append(rest.Events, e)
		}
	}
	return &rest
}

// worldConfig is what a world's product events mean.
func worldConfig() string {
	b := strings.Builder{}
	fmt.Fprintf(&b, "time_zone = %q\n", world.Zone)
	for _, e := range world.ProductEvents() {
		fmt.Fprintf(&b, "product_event %q {\n  feature = %q\n  key_action = %t\n  login = %t\n  training = %t\n}\n",
			e.Name, e.Feature, e.Feature != "" && !e.IsTraining, e.IsLogin, e.IsTraining)
	}
	return b.String()
}

// unseen marks a login that no source showed.
const unseen = -1

// people are the humans that the logins of a world were resolved to.
func (s *site) people(t *testing.T, w *world.World) []int32 {
	t.Helper()
	rows, err := s.db.SQL().QueryContext(t.Context(), "select identity_id, person_id from marts.core.person_identity")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	personOf := map[string]string{}
	for rows.Next() {
		var identity, person string
		require.NoError(t, rows.Scan(&identity, &person))
		personOf[identity] = person
	}
	require.NoError(t, rows.Err())
	numbers, people := map[string]int32{}, make([]int32, len(w.Logins))
	for i := range people {
		person, ok := personOf[w.IdentityID(world.LoginID(i))]
		if !ok {
			people[i] = unseen
			continue
		}
		if _, ok := numbers[person]; !ok {
			numbers[person] = int32(len(numbers))
		}
		people[i] = numbers[person]
	}
	return people
}

func distinct(people []int32) int {
	seen := map[int32]bool{}
	for _, p := range people {
		seen[p] = true
	}
	return len(seen)
}

// requireSamePeople compares two partitions of the logins.
func requireSamePeople(t *testing.T, w *world.World, want, found []int32) {
	t.Helper()
	there, back := map[int32]int32{}, map[int32]int32{}
	for i := range want {
		if found[i] == unseen {
			continue
		}
		a, okA := there[want[i]]
		b, okB := back[found[i]]
		require.True(t, (!okA || a == found[i]) && (!okB || b == want[i]), "%s is somebody else", w.IdentityID(world.LoginID(i)))
		there[want[i]], back[found[i]] = found[i], want[i]
	}
}

func (s *site) published(t testing.TB) map[cellKey]published {
	t.Helper()
	rows, err := s.db.SQL().QueryContext(t.Context(), `select kpi_id, strftime(period_start, '%Y-%m-%d'), segment_type, segment_value,
    value, numerator, denominator, status, is_partial
from marts.kpi.value where grain = 'month'`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	found := map[cellKey]published{}
	for rows.Next() {
		var k cellKey
		var p published
		require.NoError(t, rows.Scan(&k.kpi, &k.period, &k.segment, &k.value, &p.value, &p.numerator, &p.denominator, &p.status, &p.isPartial))
		found[k] = p
	}
	require.NoError(t, rows.Err())
	return found
}

// compareTruth compares the months that were over, from the first whole one on.
// Cells of few people are not published, and so not compared.
func compareTruth(t *testing.T, want *truth.Truth, found map[cellKey]published, start time.Time) {
	compared, slicesCompared, wrong := 0, 0, map[string][]string{}
	for _, v := range want.Values {
		k := cellKey{v.KPI, v.Period.Format("2006-01-02"), v.SegmentType, v.SegmentValue}
		p, ok := found[k]
		if v.IsPartial || v.Period.Before(start.AddDate(0, 0, 1)) {
			continue
		}
		if strings.HasPrefix(p.status, "suppressed") {
			continue
		}
		if v.SegmentType == "all" {
			compared++
		} else {
			slicesCompared++
		}
		if difference := differs(v, p, ok); difference != "" {
			wrong[v.KPI] = append(wrong[v.KPI], fmt.Sprintf("%s %s=%s: %s", k.period, k.segment, k.value, difference))
		}
	}
	t.Logf("compared %d values of the whole and %d of slices", compared, slicesCompared)
	for kpi, list := range wrong {
		slices.Sort(list)
		t.Errorf("%s: %d differ:\n  %s", kpi, len(list), strings.Join(list[:min(len(list), 8)], "\n  "))
	}
}

func differs(v truth.Value, p published, isThere bool) string {
	switch {
	case !isThere && !v.HasValue: // outside what the file covers
	case !isThere:
		return fmt.Sprintf("true %g (%g / %g), published nothing", v.Value, v.Numerator, v.Denominator)
	case v.HasValue != (p.value != nil):
		return fmt.Sprintf("true %t %g (%g / %g), published %s %s", v.HasValue, v.Value, v.Numerator, v.Denominator, shown(p.value), p.status)
	case v.HasValue && math.Abs(v.Value-*p.value) > 1e-9*math.Max(1, math.Abs(v.Value)):
		return fmt.Sprintf("true %.9g (%g / %g), published %.9g (%s / %s)", v.Value, v.Numerator, v.Denominator, *p.value, shown(p.numerator), shown(p.denominator))
	}
	return ""
}

func shown(x *float64) string {
	if x == nil {
		return "nothing"
	}
	return fmt.Sprintf("%g", *x)
}
