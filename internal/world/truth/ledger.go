package truth

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// A segment is a slice of a KPI: its type and value by the catalogue's §5.
type segment struct{ kind, value string }

// whole is everybody.
func whole() []segment { return []segment{{"all", "all"}} }

// A ledger adds up KPIs by month and slice.
type ledger struct {
	h           *history
	first, last month
	cells       map[slot]*cell
	kpis        map[string]kpi
}

type slot struct {
	kpi     string
	month   month
	segment segment
}

// A cell is what was added up in one slot.
type cell struct {
	numerator, denominator float64
	amounts                []float64 // of medians
	value                  float64   // of what is neither sum nor quotient
	isGiven                bool
}

func newLedger(h *history) *ledger {
	return &ledger{h: h, first: h.days.month(h.first), last: h.days.month(h.at - 1), cells: make(map[slot]*cell), kpis: kpis()}
}

func (l *ledger) cell(kpi string, m month, s segment) *cell {
	k := slot{kpi, m, s}
	if l.cells[k] == nil {
		l.cells[k] = &cell{}
	}
	return l.cells[k]
}

func (l *ledger) ratio(kpi string, m month, in []segment, numerator, denominator float64) {
	for _, s := range in {
		c := l.cell(kpi, m, s)
		c.numerator += numerator
		c.denominator += denominator
	}
}

// share adds one thing that is or is not so.
func (l *ledger) share(kpi string, m month, in []segment, isSo bool) {
	l.ratio(kpi, m, in, float(isSo), 1)
}

// mean adds one amount to average.
func (l *ledger) mean(kpi string, m month, in []segment, amount float64) {
	l.ratio(kpi, m, in, amount, 1)
}

func (l *ledger) count(kpi string, m month, in []segment, n float64) {
	l.ratio(kpi, m, in, n, 0)
}

// amount adds one to take the median of; infinity is not yet.
func (l *ledger) amount(kpi string, m month, in []segment, amount float64) {
	for _, s := range in {
		c := l.cell(kpi, m, s)
		c.amounts = append(c.amounts, amount)
	}
}

// given sets a value that is neither a sum nor the quotient of its parts.
func (l *ledger) given(kpi string, m month, s segment, numerator, denominator, value float64) {
	*l.cell(kpi, m, s) = cell{numerator: numerator, denominator: denominator, value: value, isGiven: true}
}

func float(isSo bool) float64 {
	if isSo {
		return 1
	}
	return 0
}

// values are the ledger's cells and, of the whole, the months without any: a
// count is 0 then, and a quotient has no value (G4).
func (l *ledger) values() []Value {
	missing := make(map[string]bool)
	unconfigured, _ := l.h.missing()
	for _, id := range unconfigured {
		missing[id] = true
	}
	for id, k := range l.kpis {
		for m := l.first; m <= l.last && !missing[id]; m++ {
			if k.months == 0 || l.h.isOver(m+k.months, 0) {
				l.cell(id, m, whole()[0])
			}
		}
	}
	var values []Value
	for at, c := range l.cells {
		if !missing[at.kpi] && at.month >= l.first && at.month <= l.last {
			values = append(values, l.value(at, c))
		}
	}
	slices.SortFunc(values, func(a, b Value) int {
		return cmp.Or(cmp.Compare(a.KPI, b.KPI), cmp.Compare(a.SegmentType, b.SegmentType), cmp.Compare(a.SegmentValue, b.SegmentValue), a.Period.Compare(b.Period))
	})
	return values
}

func (l *ledger) value(at slot, c *cell) Value {
	k := l.kpis[at.kpi]
	v := Value{
		KPI: at.kpi, Grain: "month", Period: at.month.time(), SegmentType: at.segment.kind, SegmentValue: at.segment.value,
		Numerator: c.numerator, Denominator: c.denominator, IsPartial: !l.h.isOver(at.month+k.months, k.waits),
	}
	switch {
	case c.isGiven:
		v.Value, v.HasValue = c.value, true
	case k.measure == counted:
		v.Value, v.HasValue = c.numerator, true
	case k.measure == halved:
		v.Value, v.HasValue = median(c.amounts)
		v.Denominator = float64(len(c.amounts))
	case c.denominator != 0:
		v.Value, v.HasValue = c.numerator/c.denominator, true
	}
	return v
}

// median halves the amounts; false where there are none or it is not finite:
// the half of them has not come yet.
func median(amounts []float64) (float64, bool) {
	n := len(amounts)
	if n == 0 {
		return 0, false
	}
	slices.Sort(amounts)
	m := (amounts[(n-1)/2] + amounts[n/2]) / 2
	if math.IsInf(m, 0) {
		return 0, false
	}
	return m, true
}

// A measure is how a KPI's parts make its value.
type measure uint8

const (
	counted measure = iota // the numerator
	divided                // numerator through denominator
	halved                 // the median
	derived                // what the code says
)

// A kpi is what the ledger has to know of one.
type kpi struct {
	measure measure
	waits   time.Duration // its maturity after the month
	months  month         // it looks at the month so many later, and has no value before that is over
}
