package kpi_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/kpi"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	parsed, err := time.Parse("2006-01-02 15:04", text)
	require.NoError(t, err)
	return parsed
}

func TestIntersect_givesWhatBothCover(t *testing.T) {
	a := []kpi.Interval{{From: at(t, ""), Until: at(t, "2026-01-10 00:00")}, {From: at(t, "2026-02-01 00:00"), Until: at(t, "2026-03-01 00:00")}}
	b := []kpi.Interval{{From: at(t, "2026-01-05 00:00"), Until: at(t, "2026-02-10 00:00")}, {From: at(t, "2026-02-20 00:00"), Until: at(t, "2026-04-01 00:00")}}
	want := []kpi.Interval{
		{From: at(t, "2026-01-05 00:00"), Until: at(t, "2026-01-10 00:00")},
		{From: at(t, "2026-02-01 00:00"), Until: at(t, "2026-02-10 00:00")},
		{From: at(t, "2026-02-20 00:00"), Until: at(t, "2026-03-01 00:00")},
	}
	require.Equal(t, want, kpi.Intersect(a, b))
	require.Equal(t, want, kpi.Intersect(b, a))
	require.Empty(t, kpi.Intersect(a, nil))
}

func TestUnion_joinsRangesThatTouch(t *testing.T) {
	require.Equal(t, []kpi.Interval{
		{From: at(t, "2026-01-01 00:00"), Until: at(t, "2026-01-05 00:00")},
		{From: at(t, "2026-01-06 00:00"), Until: at(t, "2026-01-07 00:00")},
	}, kpi.Union([]kpi.Interval{
		{From: at(t, "2026-01-06 00:00"), Until: at(t, "2026-01-07 00:00")},
		{From: at(t, "2026-01-03 00:00"), Until: at(t, "2026-01-05 00:00")},
		{From: at(t, "2026-01-01 00:00"), Until: at(t, "2026-01-03 00:00")},
		{From: at(t, "2026-01-02 00:00"), Until: at(t, "2026-01-04 00:00")},
	}))
}

func TestDays_countsLocalDays(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	ranges := []kpi.Interval{{From: at(t, "2026-03-27 23:00"), Until: at(t, "2026-03-30 12:00")}} // 28 March 00:00 to 30 March 14:00, over the change of clocks
	dates := func(days []kpi.Interval) (list []string) {
		for _, d := range days {
			list = append(list, d.From.Format(time.DateOnly), d.Until.Format(time.DateOnly))
		}
		return list
	}
	require.Equal(t, []string{"2026-03-28", "2026-03-30"}, dates(kpi.Days(ranges, zone, true)))
	require.Equal(t, []string{"2026-03-28", "2026-03-31"}, dates(kpi.Days(ranges, zone, false)))
	require.Empty(t, kpi.Days([]kpi.Interval{{From: at(t, "2026-03-28 01:00"), Until: at(t, "2026-03-28 20:00")}}, zone, true))
}
