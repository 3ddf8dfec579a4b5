package truth

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// A Cell names a published value: a KPI, the first day of a month (2026-01-01),
// a slice.
type Cell struct{ KPI, Period, SegmentType, SegmentValue string }

// Published is what stands in a cell.
type Published struct {
	Value, Numerator, Denominator *float64
	Status                        string
	IsPartial                     bool
}

// A Comparison sets published values beside true ones.
type Comparison struct {
	Compared map[string]int      // months of the whole with a value, by KPI
	OfSlices int                 // cells of slices
	Wrong    map[string][]string // what differs, by KPI, in order
}

// Compare holds what was published against the truth to 1e-9. Left out are
// months that were not over, those before from, in which some sources begin
// later than others, and cells of few people, which are not published.
func (t *Truth) Compare(found map[Cell]Published, from time.Time) Comparison {
	c := Comparison{Compared: map[string]int{}, Wrong: map[string][]string{}}
	isTrue := map[Cell]bool{}
	for i := range t.Values {
		v := &t.Values[i]
		cell := Cell{v.KPI, v.Period.Format(time.DateOnly), v.SegmentType, v.SegmentValue}
		isTrue[cell] = true
		p, ok := found[cell]
		if v.IsPartial || v.Period.Before(from) || strings.HasPrefix(p.Status, "suppressed") {
			continue
		}
		c.note(v)
		if difference := v.differs(p, ok); difference != "" {
			c.wrong(cell, difference)
		}
	}
	for cell, p := range found {
		isOver := !p.IsPartial && cell.Period >= from.Format(time.DateOnly)
		if isOver && !isTrue[cell] && cell.SegmentType == "all" && c.Compared[cell.KPI] > 0 {
			c.wrong(cell, fmt.Sprintf("published %s, and true is nothing", shown(p.Value)))
		}
	}
	for _, list := range c.Wrong {
		slices.Sort(list)
	}
	return c
}

func (c *Comparison) note(v *Value) {
	switch {
	case v.SegmentType != "all":
		c.OfSlices++
	case v.HasValue:
		c.Compared[v.KPI]++
	}
}

func (c *Comparison) wrong(cell Cell, what string) {
	c.Wrong[cell.KPI] = append(c.Wrong[cell.KPI], fmt.Sprintf("%s %s=%s: %s", cell.Period, cell.SegmentType, cell.SegmentValue, what))
}

// differs says how a published value differs, empty if it does not.
func (v *Value) differs(p Published, isThere bool) string {
	fraction := fmt.Sprintf("%.9g (%g / %g)", v.Value, v.Numerator, v.Denominator)
	switch {
	case !isThere && v.Value == 0 && v.Denominator == 0: // outside what the sources cover
	case !isThere:
		return fmt.Sprintf("true %s, published nothing", fraction)
	case v.HasValue != (p.Value != nil):
		return fmt.Sprintf("true %t %s, published %s %s", v.HasValue, fraction, shown(p.Value), p.Status)
	case v.HasValue && math.Abs(v.Value-*p.Value) > 1e-9*math.Max(1, math.Abs(v.Value)):
		return fmt.Sprintf("true %s, published %.9g (%s / %s)", fraction, *p.Value, shown(p.Numerator), shown(p.Denominator))
	}
	return ""
}

func shown(x *float64) string {
	if x == nil {
		return "nothing"
	}
	return fmt.Sprintf("%g", *x)
}
