package truth_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world"
	"rollcall/internal/world/truth"
)

func made(t testing.TB, seed uint64, scale float64) *world.World {
	t.Helper()
	w, err := world.New(world.Options{Seed: seed, Scale: scale, End: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	return w
}

func TestCompute_isTheSameForTheSameLog(t *testing.T) {
	w := made(t, 3, 0.1)
	require.Equal(t, truth.Compute(w, w.End.Time()), truth.Compute(made(t, 3, 0.1), w.End.Time()))
	require.NotEqual(t, truth.Compute(w, w.End.Time()).Values, truth.Compute(made(t, 4, 0.1), w.End.Time()).Values)
}

// TestCompute_addsUpWhereItMust: slices of which everybody has one add up to
// the whole.
func TestCompute_addsUpWhereItMust(t *testing.T) {
	for seed := range uint64(5) {
		w := made(t, seed, 0.1)
		f := truth.Compute(w, w.End.Time())
		sums := map[string]float64{}
		for _, v := range f.Values {
			sums[v.KPI+v.SegmentType+v.Period.String()] += v.Numerator
		}
		for kpi, segments := range map[string][]string{
			"community_post_volume":    {"community", "engagement_level", "join_month"},
			"community_new_members":    {"community"},
			"community_members_total":  {"join_month"},
			"community_mau":            {"engagement_level", "join_month"},
			"accepted_solution_count":  {"community"},
			"thread_depth_mean":        {"community", "thread_kind"},
			"event_participation_rate": {"event_series", "community"},
		} {
			for _, v := range f.Values {
				for _, segment := range segments {
					if v.KPI == kpi && v.SegmentType == "all" {
						require.Equal(t, v.Numerator, sums[kpi+segment+v.Period.String()], "%s by %s in %s", kpi, segment, v.Period)
					}
				}
			}
		}
	}
}

func TestCompute_keepsItsBounds(t *testing.T) {
	unbounded := map[string]bool{"contributor_lurker_ratio": true, "helpful_votes_per_reply": true, "thread_depth_mean": true,
		"thread_participants_mean": true, "first_response_time_mean_hours": true, "event_satisfaction_score": true, "community_dau": true}
	w := made(t, 1, 0.3)
	f := truth.Compute(w, w.End.Time())
	values := map[string]map[time.Time]truth.Value{}
	for _, v := range f.Values {
		require.False(t, math.IsNaN(v.Value) || math.IsInf(v.Value, 0) || v.Value < 0, "%+v", v)
		if v.Denominator > 0 && v.Numerator > 0 && !unbounded[v.KPI] {
			require.LessOrEqual(t, v.Value, 1.0, "%+v", v)
		}
		if v.SegmentType == "all" {
			if values[v.KPI] == nil {
				values[v.KPI] = map[time.Time]truth.Value{}
			}
			values[v.KPI][v.Period] = v
		}
	}
	for month, mau := range values["community_mau"] {
		require.LessOrEqual(t, values["community_dau"][month].Value, mau.Value)
	}
}

func TestCompute_hasAMonthWithoutActivity(t *testing.T) {
	s := newTale(t)
	s.joins("5 Jan", "a")
	s.opens("x", "a", "5 Jan", help)
	f := s.truth("10 Mar")
	f.is("community_mau", time.February, 0)
	f.is("community_dau", time.February, 0)
	f.is("community_members_total", time.February, 1)
	f.is("unanswered_question_rate", time.February, math.NaN())
	f.is("community_stickiness_dau_mau", time.March, math.NaN())
	march, _ := f.value("community_mau", time.March)
	require.True(t, march.IsPartial)
	february, _ := f.value("unanswered_question_rate", time.February)
	require.False(t, february.IsPartial) // its seven days have passed
	february, _ = f.value("accepted_solution_rate", time.February)
	require.True(t, february.IsPartial)
}

// TestComputeRead_forgetsWhatWasGoneBeforeTheFirstLook: of what a source does
// not show any more somebody who comes late knows nothing.
func TestComputeRead_forgetsWhatWasGoneBeforeTheFirstLook(t *testing.T) {
	s := newTale(t)
	s.joins("5 Jan", "a", "leaver")
	gone := s.opens("x", "a", "5 Feb", talk)
	s.opens("y", "a", "5 Feb", talk)
	flagged := s.opens("z", "a", "5 Feb", talk)
	s.likes(s.replies("y", "a", "5 Feb"), "6 Feb", "leaver")
	s.does(world.Flagged, "leaver", "7 Mar", flagged)
	s.does(world.Removed, "a", "8 Mar", gone)
	s.does(world.Removed, "a", "8 Mar", flagged)
	s.tell(world.Event{At: s.at("9 Mar"), Kind: world.LoginGone, Login: s.login("leaver")})
	early := found{t, truth.ComputeRead(s.w, s.sorted("1 Jun"), truth.Reading{Looks: []time.Time{s.at("1 Mar").Time(), s.at("1 Jun").Time()}})}
	early.is("flag_rate_all", time.February, 1./4)
	early.is("engaged_members", time.February, 2)
	early.is("community_members_total", time.February, 2)
	early.is("community_members_total", time.May, 2) // that leaver left shows in June
	late := found{t, truth.ComputeRead(s.w, s.sorted("1 Jun"), truth.Reading{Looks: []time.Time{s.at("1 Jun").Time()}})}
	late.is("flag_rate_all", time.February, 0)
	late.is("flag_rate_all", time.March, 1)
	late.is("engaged_members", time.February, 1)
	late.is("community_members_total", time.February, 1)
}

// TestComputeRead_knowsSinceWhenSomebodyIsSuspended: a forum shows the account
// and the date.
func TestComputeRead_knowsSinceWhenSomebodyIsSuspended(t *testing.T) {
	s := newTale(t)
	s.joins("5 Jan", "a", "spammer")
	s.tell(world.Event{At: s.at("10 Feb"), Kind: world.LoginSuspended, Login: s.login("spammer")})
	f := found{t, truth.ComputeRead(s.w, s.sorted("1 Jun"), truth.Reading{Looks: []time.Time{s.at("1 Jun").Time()}})}
	f.is("community_members_total", time.January, 2)
	f.is("community_members_total", time.February, 1)
	f.is("community_new_members", time.January, 2)
}

// TestComputeRead_seesAStubForADay: a forum shows a day longer that an author
// took a reply down.
func TestComputeRead_seesAStubForADay(t *testing.T) {
	s := newTale(t)
	s.opens("x", "a", "5 Feb", talk)
	s.does(world.Removed, "b", "7 Feb 12:00", s.replies("x", "b", "6 Feb"))
	for look, rate := range map[string]float64{"8 Feb 11:00": 2, "8 Feb 13:00": 1} {
		f := found{t, truth.ComputeRead(s.w, s.sorted("1 Jun"), truth.Reading{Looks: []time.Time{s.at(look).Time(), s.at("1 Jun").Time()}})}
		v, _ := f.value("flag_rate_all", time.February)
		require.Equal(t, rate, v.Denominator, look)
	}
}

func BenchmarkCompute(b *testing.B) {
	w := made(b, 1, 1)
	b.ReportAllocs()
	for b.Loop() {
		truth.Compute(w, w.End.Time())
	}
}

// TestCompute_knowsWhoWorksWhere: the jobs of a human are those of the person
// behind each login, and logins that may not be linked have them apart.
func TestCompute_knowsWhoWorksWhere(t *testing.T) {
	w := made(t, 1, 0.1)
	f := truth.Compute(w, w.End.Time())
	jobs := map[int32][]world.CompanyID{}
	for _, e := range f.Employments {
		jobs[e.Human] = append(jobs[e.Human], e.Company)
	}
	consultants := 0
	for i, human := range f.People {
		own := w.JobsOf(w.Logins[i].Person)
		require.Len(t, jobs[human], len(own), w.IdentityID(world.LoginID(i)))
		for j := range own {
			require.Equal(t, own[j].Company, jobs[human][j])
		}
		if w.Logins[i].Person == w.Planted.Consultant {
			consultants++
			require.Len(t, jobs[human], 3)
		}
	}
	require.Positive(t, consultants)
}
