package world

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNew_livesByTheCalendar(t *testing.T) {
	w := made(t, 14, 2)
	days, weekdays, months := map[string]int{}, map[time.Weekday]int{}, map[time.Month]int{}
	week53 := 0
	for _, e := range w.Events {
		if e.Kind != Visited && e.Kind != Used {
			continue
		}
		at := e.At.Time().In(berlin())
		days[at.Format(time.DateOnly)]++
		weekdays[at.Weekday()]++
		if at.Year() == 2026 {
			months[at.Month()]++
		}
		if _, week := at.ISOWeek(); week == 53 {
			week53++
		}
	}
	require.Less(t, 2*weekdays[time.Sunday], weekdays[time.Tuesday], "weekends are quiet")
	require.Less(t, float64(months[time.August]), 0.8*float64(months[time.September]), "and August is")
	for _, day := range []string{"2025-03-30", "2025-10-26", "2026-03-29", "2026-10-25"} {
		require.NotZero(t, days[day], "%s, of 23 or 25 hours", day)
	}
	require.NotZero(t, week53)
}

func TestNew_keepsToItsRates(t *testing.T) {
	w := made(t, 15, 2)
	said, answered, opened, left, solved := map[Consent]float64{}, map[ThreadID]bool{}, 0, 0, 0
	all := 0.0
	for _, e := range w.Events {
		switch e.Kind {
		case ConsentSaid:
			said[Consent(e.Detail)]++
			all++
		case Replied:
			if thread := ThreadID(e.Other); e.Login != w.Posts[w.Threads[thread].Opening].Author {
				answered[thread] = true
			}
		case ThreadOpened:
			opened++
		case JobLeft:
			left++
		case Accepted:
			solved++
		}
	}
	require.InDelta(t, 0.88, said[Granted]/all, 0.04)
	require.InDelta(t, 0.10, said[Refused]/all, 0.03)
	require.InDelta(t, 0.02, said[Withdrawn]/all, 0.015)
	require.InDelta(t, 0.86, float64(len(answered))/float64(opened), 0.05, "threads that somebody else replied to")
	require.InDelta(t, 0.35, float64(solved)/float64(opened), 0.08)
	require.InDelta(t, 0.12, float64(left)/float64(len(w.Jobs)), 0.03)
}
