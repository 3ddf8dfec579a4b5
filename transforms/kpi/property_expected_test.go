package kpi_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// expected are the cells of every period from the first day of data to today,
// of every slice that has an atom in any of them.
func (w *world) expected(s spec) map[place]numbers {
	cells := map[place]numbers{}
	means := map[string]string{}
	for _, grain := range s.grains {
		if of, isMean := strings.CutPrefix(s.windows[grain], "mean:"); isMean {
			means[grain] = of
			continue
		}
		slots := map[string]map[string]bool{"all": {"all": true}}
		var periods []time.Time
		atoms := w.atoms(s)
		parts := map[time.Time]map[string]map[string][]point{}
		for start := w.start(grain, w.from); !start.After(w.today); start = w.end(grain, start) {
			periods = append(periods, start)
			parts[start] = w.slices(s, atoms, grain, start)
			for type_, values := range parts[start] {
				for value := range values {
					if slots[type_] == nil {
						slots[type_] = map[string]bool{}
					}
					slots[type_][value] = true
				}
			}
		}
		for type_, values := range slots {
			for value := range values {
				begun := type_ == "all"
				for _, start := range periods {
					list := parts[start][type_][value]
					if !begun && len(list) == 0 {
						continue
					}
					x := w.numbers(s, type_, grain, start, list, parts[start]["all"]["all"])
					begun = true
					cells[place{grain, start.Format(time.DateOnly), type_, value}] = x
				}
			}
		}
	}
	for grain, of := range means {
		w.addMeans(s, cells, grain, of)
	}
	return cells
}

// addMeans adds the cells that are means of smaller periods' values.
func (w *world) addMeans(s spec, cells map[place]numbers, grain, of string) {
	type sum struct{ total, count, n float64 }
	begun := map[place]string{} // a slice's first month that has something
	for p, x := range cells {
		slice := place{of, "", p.type_, p.value}
		isSomething := x.numerator != 0 && !math.IsNaN(x.numerator) || orZero(x.denominator) != 0 || x.n > 0
		if first, isThere := begun[slice]; (isSomething || p.type_ == "all") && (!isThere || p.start < first) {
			begun[slice] = p.start
		}
	}
	sums := map[place]sum{}
	for p, x := range cells {
		first, isThere := begun[place{of, "", p.type_, p.value}]
		if p.grain != of || !isThere || p.start < first {
			continue
		}
		at := place{grain, w.start(grain, day(p.start)).Format(time.DateOnly), p.type_, p.value}
		y := sums[at]
		if !math.IsNaN(x.value) {
			y.total += x.value
			y.count++
		}
		if x.n > 0 && (y.n == 0 || x.n < y.n) {
			y.n = x.n
		}
		sums[at] = y
	}
	for p, y := range sums {
		x := numbers{y.total, y.count, y.total / y.count, y.n, math.NaN(), math.NaN()}
		if y.count == 0 {
			x.numerator = math.NaN()
		}
		cells[p] = x
	}
}

// slices are the atoms of one period by segment type and value.
func (w *world) slices(s spec, atoms []point, grain string, start time.Time) map[string]map[string][]point {
	found := map[string]map[string][]point{}
	add := func(type_, value string, p point) {
		if value == "" {
			value = "unknown"
		}
		if found[type_] == nil {
			found[type_] = map[string][]point{}
		}
		found[type_][value] = append(found[type_][value], p)
	}
	hasPeriods := strings.ContainsAny(s.kinds, "pa")
	for _, p := range w.placed(s, atoms, grain, start) {
		isDefault := s.option != "split" || p.days == "14"
		isOver := p.grain == "" || p.community == "" || p.community == "all"
		if !isDefault {
			if !hasPeriods || p.community == "" || p.community == "all" {
				add("window_days", p.days, p)
			}
			continue
		}
		if slices.Contains(s.segments, "community") && (p.community != "all" || !hasPeriods) {
			add("community", p.community, p)
		}
		if !isOver {
			continue
		}
		add("all", "all", p)
		if slices.Contains(s.segments, "topic") {
			add("topic", p.topic, p)
		}
		if s.who != "account_id" {
			person := w.person[p.identity]
			if grain == "month" || grain == "quarter" {
				add("join_month", w.month[person], p)
			}
			add("join_channel", w.channel[person], p)
			add("engagement_level", w.level(person, grain, start), p)
		}
	}
	if s.option == "all" {
		delete(found["topic"], "unknown")
	}
	return found
}

func (w *world) level(person, grain string, start time.Time) string {
	if person == "" {
		return "unknown"
	}
	if level, isActive := w.levels[[3]string{person, grain, start.Format(time.DateOnly)}]; isActive {
		return level
	}
	return "none"
}

// placed are the atoms that belong to a period.
func (w *world) placed(s spec, atoms []point, grain string, start time.Time) []point {
	end := w.end(grain, start)
	last := end.AddDate(0, 0, -1)
	if last.After(w.today) {
		last = w.today
	}
	first := start
	window := s.windows[grain]
	switch {
	case strings.HasSuffix(window, "m"):
		first = last.AddDate(0, 0, 1).AddDate(-1, 0, 0)
	case window != "":
		var days int
		_, err := fmt.Sscanf(window, "r%d", &days)
		require.NoError(w.t, err)
		first = last.AddDate(0, 0, 1-days)
	default:
		last = end.AddDate(0, 0, -1)
	}
	sample := w.end(grain, start).AddDate(0, 0, -1)
	if sample.After(w.today) {
		sample = w.today
	}
	if s.isStart {
		sample = start.AddDate(0, 0, -1)
	}
	var found []point
	for _, p := range atoms {
		isIn := !p.on.Before(first) && !p.on.After(last)
		switch p.kind {
		case 's':
			isIn = !p.on.After(sample) && (p.until.IsZero() || p.until.After(sample))
		case 'p':
			isIn = isIn && p.grain == grain
		}
		if isIn {
			found = append(found, p)
		}
	}
	if s.option != "once" {
		return found
	}
	latest := map[string]point{}
	var kept []point
	for _, p := range found {
		who := w.person[p.identity]
		if who == "" {
			kept = append(kept, p)
			continue
		}
		other, isThere := latest[who]
		if !isThere || isLater(p, other) {
			latest[who] = p
		}
	}
	for _, p := range latest {
		kept = append(kept, p)
	}
	return kept
}

func isLater(a, b point) bool {
	if !a.on.Equal(b.on) {
		return a.on.After(b.on)
	}
	if a.at != b.at {
		return a.at > b.at
	}
	return a.entity > b.entity
}

// atoms are those that the KPI's select returns.
func (w *world) atoms(s spec) (found []point) {
	if s.kinds == "a" {
		for _, st := range w.states {
			identity := "i" + strings.TrimPrefix(st.person, "P")
			found = append(found, point{kind: 'p', grain: st.grain, on: day(st.start), identity: identity, community: st.community,
				isN: st.isContributor && st.isActive, isD: st.isActive})
		}
		return found
	}
	for _, p := range w.points {
		if strings.ContainsRune(s.kinds, rune(p.kind)) && (!s.only || p.isD) {
			found = append(found, p)
		}
	}
	return found
}
