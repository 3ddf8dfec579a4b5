package sync

import (
	"slices"
	"time"

	"rollcall/connectors"
)

// merge adds ranges of complete event time to the unbroken ones known, and
// reports whether that changed them. Ranges that touch become one; empty and
// reversed ones claim nothing.
func merge(known, claimed []connectors.Interval) ([]connectors.Interval, bool) {
	all := slices.Clone(known)
	for _, interval := range claimed {
		if interval.From.Before(interval.Until) {
			all = append(all, connectors.Interval{From: microseconds(interval.From), Until: microseconds(interval.Until)})
		}
	}
	slices.SortFunc(all, func(a, b connectors.Interval) int { return a.From.Compare(b.From) })
	merged := all[:0]
	for _, interval := range all {
		if n := len(merged); n > 0 && !interval.From.After(merged[n-1].Until) {
			if interval.Until.After(merged[n-1].Until) {
				merged[n-1].Until = interval.Until
			}
			continue
		}
		merged = append(merged, interval)
	}
	changed := !slices.EqualFunc(known, merged, func(a, b connectors.Interval) bool {
		return a.From.Equal(b.From) && a.Until.Equal(b.Until)
	})
	return merged, changed
}

// microseconds is what the lake stores of a time.
func microseconds(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
