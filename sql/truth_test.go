package sql_test

import (
	"fmt"
	"io/fs"
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

// TestTruth_equalsThePipeline lets a made-up company's two years go through
// files, sync and build, and compares every KPI, month and slice with what the
// log says: once with repositories, where nobody knows who visits, and once, at
// a scale at which answers about events are too few to publish, without.
func TestTruth_equalsThePipeline(t *testing.T) {
	t.Run("visits_unknown", func(t *testing.T) { checkTruth(t, newWorld(t, 1)) })
	t.Run("visits_known", func(t *testing.T) {
		checkTruth(t, withoutRepositories(newWorld(t, 0.2)), "event_satisfaction_score", "event_satisfaction_top2")
	})
}

func newWorld(t *testing.T, scale float64) *world.World {
	w, err := world.New(world.Options{Seed: 1, Scale: scale, End: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	return w
}

// TestTruth_equalsThePipelineReadNowAndThen reads the sources four times in two
// years: what they do not date is known from the look that first shows it, and
// what was gone by then is not known.
func TestTruth_equalsThePipelineReadNowAndThen(t *testing.T) {
	w := newWorld(t, 0.3)
	looks := []time.Time{
		time.Date(2025, 3, 10, 4, 0, 0, 0, time.UTC), time.Date(2025, 11, 20, 4, 0, 0, 0, time.UTC), time.Date(2026, 5, 5, 4, 0, 0, 0, time.UTC), now,
	}
	var s *site
	for i, look := range looks {
		before := world.Moment(0)
		if i > 0 {
			before = world.MomentOf(looks[i-1])
		}
		f := showWorld(t, w, before, world.MomentOf(look))
		if i == 0 {
			s = openSite(t, f, worldConfig())
		}
		s.sync(t, f, look)
	}
	s.checkTruth(t, w, looks, "event_satisfaction_score", "event_satisfaction_top2", "moderation_response_time_median_hours")
}

func checkTruth(t *testing.T, w *world.World, hidden ...string) {
	f := tellWorld(t, w, world.MomentOf(now))
	s := openSite(t, f, worldConfig())
	s.sync(t, f, now)
	s.checkTruth(t, w, nil, hidden...)
}

// checkTruth builds and compares all KPIs; of all but those hidden some month
// has to be comparable.
func (s *site) checkTruth(t *testing.T, w *world.World, looks []time.Time, hidden ...string) {
	t.Helper()
	ids := allKPIs(t)
	s.build(t, ids)
	want := truth.ComputeRead(w, now, truth.Reading{Looks: looks, Objecting: true})
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
	requireTold(t, want, want.Compare(s.published(t), w.Start.Time().AddDate(0, 0, 1)), hidden)
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

// published reads all values by month.
func (s *site) published(t testing.TB) map[truth.Cell]truth.Published {
	t.Helper()
	rows, err := s.db.SQL().QueryContext(t.Context(), `select kpi_id, strftime(period_start, '%Y-%m-%d'), segment_type, segment_value,
    value, numerator, denominator, status, is_partial
from marts.kpi.value where grain = 'month'`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	found := map[truth.Cell]truth.Published{}
	for rows.Next() {
		var c truth.Cell
		var p truth.Published
		require.NoError(t, rows.Scan(&c.KPI, &c.Period, &c.SegmentType, &c.SegmentValue, &p.Value, &p.Numerator, &p.Denominator, &p.Status, &p.IsPartial))
		found[c] = p
	}
	require.NoError(t, rows.Err())
	return found
}

// requireTold holds that nothing differs, and that some month of every KPI that
// has a truth was compared, but of those hidden.
func requireTold(t *testing.T, want *truth.Truth, c truth.Comparison, hidden []string) {
	t.Helper()
	for kpi, list := range c.Wrong {
		t.Errorf("%s: %d differ:\n  %s", kpi, len(list), strings.Join(list[:min(len(list), 8)], "\n  "))
	}
	sum := 0
	for _, n := range c.Compared {
		sum += n
	}
	for _, v := range want.Values {
		require.True(t, c.Compared[v.KPI] > 0 || slices.Contains(hidden, v.KPI), "no month of %s could be compared", v.KPI)
	}
	t.Logf("compared %d values of %d KPIs and %d of slices", sum, len(c.Compared), c.OfSlices)
}
