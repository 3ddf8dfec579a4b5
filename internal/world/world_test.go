package world

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// end makes the last year of the world one of 53 ISO weeks.
func end() time.Time { return time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC) }

func made(t testing.TB, seed uint64, scale float64) *World {
	t.Helper()
	w, err := New(Options{Seed: seed, Scale: scale, End: end()})
	require.NoError(t, err)
	return w
}

// digest is over every table and the log.
func digest(w *World) string {
	hash := sha256.New()
	for _, table := range []any{w.Start, w.End, w.People, w.Companies, w.Jobs, w.Addresses, w.Logins, w.Holdings, w.Roles, w.Orgs, w.Links,
		w.Communities, w.Threads, w.Posts, w.Gatherings, w.Surveys, w.Questions, w.Responses, w.Subscriptions, w.Tickets, w.Events, w.seen, w.Planted} {
		fmt.Fprintf(hash, "%v\n", table)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func TestNew_isTheSameForOneSeed(t *testing.T) {
	require.Equal(t, digest(made(t, 3, MinScale)), digest(made(t, 3, MinScale)))
	require.NotEqual(t, digest(made(t, 3, MinScale)), digest(made(t, 4, MinScale)))
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		w := made(b, 1, 1)
		b.ReportMetric(float64(len(w.Events)), "events")
	}
}

func TestNew_refusesWhatMakesNoWorld(t *testing.T) {
	_, err := New(Options{Scale: 0.01, End: end()})
	require.ErrorContains(t, err, "0.05")
	_, err = New(Options{Scale: 1})
	require.ErrorContains(t, err, "end")
}

func TestNew_hasTheSizeItSays(t *testing.T) {
	w := made(t, 1, 1)
	require.Len(t, w.People, 2000)
	require.InEpsilon(t, 60_000, len(w.Events), 0.08)
	require.Equal(t, "2025-02-28T23:00:00Z", w.Start.Time().Format(time.RFC3339), "midnight in Berlin")
	require.Equal(t, "2027-02-28T23:00:00Z", w.End.Time().Format(time.RFC3339))
}

func TestNew_mayEndOnAnyDay(t *testing.T) {
	for day := range 366 {
		w, err := New(Options{Seed: 5, Scale: MinScale, End: end().AddDate(0, 0, day)})
		require.NoError(t, err)
		requirePlanted(t, w)
	}
}

func TestNew_sharesEventsAmongKinds(t *testing.T) {
	w := made(t, 1, 1)
	counts := map[Kind]float64{}
	for _, e := range w.Events {
		counts[e.Kind] += 1 / float64(len(w.Events))
	}
	for kind, bounds := range map[Kind][2]float64{
		LoginMade: {0.08, 0.13}, Visited: {0.14, 0.22}, Used: {0.18, 0.28}, ThreadOpened: {0.015, 0.03}, Replied: {0.04, 0.08},
		Reacted: {0.03, 0.06}, Accepted: {0.002, 0.01}, Registered: {0.01, 0.03}, Attended: {0.007, 0.02}, SurveySent: {0.03, 0.08},
		Answered: {0.01, 0.03}, TicketOpened: {0.005, 0.015}, Renewed: {0.015, 0.04}, Churned: {0.0005, 0.003}, Edited: {0.003, 0.01},
	} {
		require.Greater(t, counts[kind], bounds[0], "kind %d", kind)
		require.Less(t, counts[kind], bounds[1], "kind %d", kind)
	}
	for kind := range kindCount {
		require.NotZero(t, counts[kind], "kind %d never happens", kind)
	}
}

func TestNew_isOrderedAndWithinItsTime(t *testing.T) {
	w := made(t, 2, 0.2)
	last, late, shown := Moment(0), 0, 0
	for _, e := range w.Events {
		require.LessOrEqual(t, last, e.At)
		require.LessOrEqual(t, e.At, e.Seen)
		require.True(t, w.Start <= e.At && e.Seen < w.End)
		last = e.At
		if e.Seen > e.At {
			late++
		}
	}
	require.InDelta(t, 0.02, float64(late)/float64(len(w.Events)), 0.015, "some arrive late")

	half, at := w.Start+(w.End-w.Start)/2, Moment(0)
	for _, span := range [][2]Moment{{w.Start, half}, {half, w.End}} {
		for _, e := range w.Shown(span[0], span[1]) {
			require.LessOrEqual(t, at, e.Seen)
			require.True(t, span[0] <= e.Seen && e.Seen < span[1])
			at = e.Seen
			shown++
		}
	}
	require.Equal(t, len(w.Events), shown, "two steps show all")
}

// TestNew_turnsAccountsAwayAsItSays counts monthly renewals by whether the
// account took part in the three months before, all in one and within thirds
// of size.
func TestNew_turnsAccountsAwayAsItSays(t *testing.T) {
	w := made(t, 5, 8)
	naive, matched := churnRatios(w)
	t.Logf("accounts that took part left %.2f times as often; %.2f times within sizes", naive, matched)
	require.InDelta(t, 1-ChurnEffect, matched, 0.1, "within sizes the effect shows")
	require.Less(t, naive, matched-0.12, "without them it looks larger")
}

// churnRatios are the monthly churn of accounts that took part against that of
// the others: as it is, and pooled over ten bins of size (Mantel and Haenszel).
func churnRatios(w *World) (naive, matched float64) {
	contributed, month := make([]map[int]bool, len(w.Companies)), monthOf(w)
	type cell struct{ left, at float64 }
	var all [2]cell
	var bins [10][2]cell
	for _, e := range w.Events {
		switch e.Kind {
		case ThreadOpened, Replied, Reacted, Attended:
			for _, company := range w.EmployersOf(w.Logins[e.Login].Person, e.At) {
				if contributed[company] == nil {
					contributed[company] = map[int]bool{}
				}
				contributed[company][month(e.At)] = true
			}
		case Renewed, Churned:
			s := w.Subscriptions[e.Object]
			if s.Yearly {
				continue
			}
			now, took := month(e.At), 0
			for back := 1; back <= 3; back++ {
				if contributed[s.Company][now-back] {
					took = 1
				}
			}
			bin := min(9, int(10*w.Companies[s.Company].sizeShare()))
			for _, c := range []*cell{&all[took], &bins[bin][took]} {
				c.at++
				if e.Kind == Churned {
					c.left++
				}
			}
		}
	}
	above, below := 0.0, 0.0
	for _, b := range bins {
		if total := b[0].at + b[1].at; total > 0 {
			above += b[1].left * b[0].at / total
			below += b[0].left * b[1].at / total
		}
	}
	return (all[1].left / all[1].at) / (all[0].left / all[0].at), above / below
}

// monthOf counts the world's months from 0.
func monthOf(w *World) func(Moment) int {
	var starts []Moment
	for n := range Months {
		starts = append(starts, MomentOf(w.Start.Time().In(berlin()).AddDate(0, n, 0)))
	}
	return func(at Moment) int { return countBefore(starts, at+1) - 1 }
}

func berlin() *time.Location {
	zone, err := time.LoadLocation(Zone)
	if err != nil {
		panic(err)
	}
	return zone
}
