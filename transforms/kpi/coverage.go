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

// Days narrows the ranges to whole local days: the first day begun inside and
// the day that the end falls in, exclusive.
func Days(ranges []Interval, zone *time.Location) []Interval {
	var whole []Interval
	for _, r := range ranges {
		from := midnight(r.From, zone)
		if from.Before(r.From) {
			from = from.AddDate(0, 0, 1)
		}
		if until := midnight(r.Until, zone); from.Before(until) {
			whole = append(whole, Interval{from, until})
		}
	}
	return whole
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
