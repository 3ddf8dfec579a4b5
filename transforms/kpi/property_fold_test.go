package kpi_test

import (
	"math"
	"slices"
	"sort"
	"time"
)

// numbers works one cell out of its atoms; whole are those of the segment all.
func (w *world) numbers(s spec, type_, grain string, start time.Time, list, whole []point) numbers {
	if s.option == "all" && type_ != "topic" {
		return w.meanOfTopics(s, list)
	}
	x := w.fold(s, list)
	if s.hasInterval() && !w.hasExcess(s, grain, list) {
		x.low, x.high = wilsonOf(x.numerator, x.denominator)
	}
	if s.option == "numerator_only" && type_ == "topic" {
		all := w.fold(s, whole)
		x = numbers{x.numerator, all.denominator, x.numerator / all.denominator, all.n, math.NaN(), math.NaN()}
		if all.denominator == 0 {
			x.value = math.NaN()
		}
	}
	if s.option == "per" {
		days := 0.0
		for d := start; d.Before(w.end(grain, start)); d = d.AddDate(0, 0, 1) {
			if !d.Before(w.from) && !d.After(w.today) {
				days++
			}
		}
		x.denominator, x.value = days, x.numerator/days
	}
	return x
}

// hasInterval reports whether the value is a share of those for whom something
// is true.
func (s spec) hasInterval() bool {
	return (s.measure == "ratio" || s.measure == "distinct_ratio") && !s.isNumeric
}

// hasExcess reports whether somebody is above the line who is not below it; it
// is looked for where atoms of one kind stand in their own period.
func (w *world) hasExcess(s spec, grain string, list []point) bool {
	if len(s.kinds) > 1 || s.kinds == "s" || s.windows[grain] != "" && s.option != "once" || s.option == "all" || s.measure == "distinct_ratio" && s.unit() != s.who {
		return false
	}
	above, below := map[string]int{}, map[string]int{}
	for _, p := range list {
		who := w.person[p.identity]
		if s.who == "account_id" {
			who = p.account
		}
		above[who] += int(boolean(p.isN))
		below[who] += int(boolean(p.isD))
	}
	for who, n := range above {
		if s.measure == "ratio" && n > below[who] || s.measure == "distinct_ratio" && n > 0 && below[who] == 0 {
			return true
		}
	}
	return false
}

// unit is the column that is counted once, as who names it.
func (s spec) unit() string {
	if s.of == "person" {
		return s.who
	}
	return s.of + "_id"
}

func wilsonOf(successes, size float64) (low, high float64) {
	if size == 0 || successes > size || successes < 0 {
		return math.NaN(), math.NaN()
	}
	const z = 1.959963984540054
	share := successes / size
	center := (share + z*z/(2*size)) / (1 + z*z/size)
	half := z / (1 + z*z/size) * math.Sqrt(share*(1-share)/size+z*z/(4*size*size))
	return math.Max(0, center-half), math.Min(1, center+half)
}

func (w *world) meanOfTopics(s spec, list []point) numbers {
	topics := map[string][]point{}
	for _, p := range list {
		if p.topic != "" {
			topics[p.topic] = append(topics[p.topic], p)
		}
	}
	x := numbers{low: math.NaN(), high: math.NaN()}
	for _, part := range topics {
		y := w.fold(s, part)
		if y.denominator != 0 {
			x.numerator += y.value
			x.denominator++
		}
		if y.n > 0 && (x.n == 0 || y.n < x.n) {
			x.n = y.n
		}
	}
	x.value = x.numerator / x.denominator
	return x
}

func (w *world) fold(s spec, list []point) numbers {
	null := math.NaN()
	x := numbers{low: null, high: null}
	above, below, who, voters := map[string]bool{}, map[string]bool{}, map[string]bool{}, 0.0
	perDay := map[string]bool{}
	var amounts []float64
	for _, p := range list {
		numerator, denominator := boolean(p.isN), boolean(p.isD)
		if (s.isNumeric || s.measure == "sum_per_distinct") && s.kinds != "a" {
			numerator, denominator = float64(p.num), float64(p.den)
		}
		person := w.person[p.identity]
		if s.who == "account_id" {
			person = p.account
		}
		unit := map[string]string{"person": person, "account": p.account, "entity": p.entity}[s.of]
		counted := false
		switch s.measure {
		case "count", "distinct":
			numerator = boolean(p.isN)
			counted = p.isN
			x.numerator += numerator
			if p.isN && person != "" {
				perDay[person+p.on.String()] = true
			}
		case "sum":
			counted = p.isD
			if p.isD && !math.IsNaN(p.amount) && !math.IsInf(p.amount, 1) {
				x.numerator += p.amount
			}
		case "mean", "median", "nps":
			amount := p.amount
			if s.measure == "nps" {
				amount = float64(p.score)
			}
			if !p.isD || math.IsNaN(amount) {
				continue
			}
			counted = true
			x.denominator++
			amounts = append(amounts, amount)
			switch {
			case s.measure == "nps" && amount >= 9:
				x.numerator++
				voters++
			case s.measure == "nps" && amount <= 6:
				x.numerator--
				voters++
			case s.measure == "mean" && !math.IsInf(amount, 1):
				x.numerator += amount
			}
		default:
			counted = denominator > 0
			x.numerator += numerator
			x.denominator += denominator
		}
		if numerator > 0 && unit != "" {
			above[unit] = true
		}
		if denominator > 0 && unit != "" {
			below[unit] = true
		}
		if counted && person != "" {
			who[person] = true
		}
	}
	x.n = float64(len(who))
	switch s.measure {
	case "distinct":
		x.numerator = float64(len(above))
		if s.option == "per" {
			x.numerator = float64(len(perDay))
		}
	case "distinct_ratio":
		x.numerator, x.denominator = float64(len(above)), float64(len(below))
	case "sum_per_distinct":
		x.denominator = float64(len(below))
	case "median":
		return medianOf(amounts, x)
	}
	x.value = x.numerator / x.denominator
	if x.denominator == 0 {
		x.value = null
	}
	if slices.Contains([]string{"count", "distinct", "sum"}, s.measure) {
		x.denominator, x.value = null, x.numerator
	}
	if s.measure == "nps" && x.denominator > 0 {
		share := x.value
		x.value = 100 * share
		half := 1.959963984540054 * math.Sqrt(math.Max(0, voters/x.denominator-share*share)/x.denominator)
		x.low, x.high = math.Max(-100, 100*(share-half)), math.Min(100, 100*(share+half))
	}
	return x
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// medianOf is the middle of the amounts, null where that is not reached yet,
// with its interval from order statistics.
func medianOf(amounts []float64, x numbers) numbers {
	null := math.NaN()
	x.numerator, x.value = null, null
	sort.Float64s(amounts)
	size := len(amounts)
	finite := func(v float64) float64 {
		if math.IsInf(v, 1) {
			return null
		}
		return v
	}
	if size > 0 {
		x.value = finite((amounts[(size-1)/2] + amounts[size/2]) / 2)
	}
	if size >= 20 {
		half := 1.959963984540054 * math.Sqrt(float64(size)) / 2
		low := max(1, int(math.Floor(float64(size)/2-half)))
		high := min(size, int(math.Ceil(float64(size)/2+1+half)))
		x.low, x.high = finite(amounts[low-1]), finite(amounts[high-1])
	}
	return x
}
