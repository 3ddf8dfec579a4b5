package kpi

import (
	"slices"
	"time"
)

// An Interval is a half-open range of time; a zero From is the beginning of
// time.
type Interval struct{ From, Until time.Time }

// Intersect gives the ranges that lie in both lists. Each list is sorted and
// its ranges do not overlap.
func Intersect(a, b []Interval) []Interval {
	var both []Interval
	for i, j := 0, 0; i < len(a) && j < len(b); {
		from, until := later(a[i].From, b[j].From), earlier(a[i].Until, b[j].Until)
		if from.Before(until) {
			both = append(both, Interval{from, until})
		}
		if a[i].Until.Before(b[j].Until) {
			i++
		} else {
			j++
		}
	}
	return both
}

// Union sorts the ranges and joins those that touch.
func Union(ranges []Interval) []Interval {
	ranges = slices.Clone(ranges)
	slices.SortFunc(ranges, func(a, b Interval) int { return a.From.Compare(b.From) })
	var joined []Interval
	for _, r := range ranges {
		last := len(joined) - 1
		if last >= 0 && !r.From.After(joined[last].Until) {
			joined[last].Until = later(joined[last].Until, r.Until)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

// Days turns the ranges into local days: those that lie whole inside, or all
// that are touched.
func Days(ranges []Interval, zone *time.Location, whole bool) []Interval {
	var days []Interval
	for _, r := range ranges {
		from, until := midnight(r.From, zone), midnight(r.Until, zone)
		if whole && from.Before(r.From) {
			from = from.AddDate(0, 0, 1)
		}
		if !whole && until.Before(r.Until) {
			until = until.AddDate(0, 0, 1)
		}
		if from.Before(until) {
			days = append(days, Interval{from, until})
		}
	}
	return days
}

func midnight(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
