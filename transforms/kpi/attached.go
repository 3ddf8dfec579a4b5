package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// personPeriods is the mart with one row per grain, period, community and
// person, which carries the traits of the person: its rows need no collapsing.
const personPeriods = "mart.person_period"

// isAttached reports whether the group's atoms are rows of personPeriods as
// they stand.
func (g *group) isAttached() bool {
	r := g.head()
	if !r.rowWise || r.from != personPeriods || !g.isPlain() || r.has("from_on") || r.has("happened_on") || r.d.is("median") ||
		r.d.Once != "" || r.d.Split != "" || len(r.d.NumeratorOnly) > 0 {
		return false
	}
	for _, column := range []string{"grain", "period_start", "community_id", "person_id"} {
		if strings.ReplaceAll(r.exprs[column], `"`, "") != "a."+column {
			return false
		}
	}
	if len(r.passes) > 1 || len(r.passes) == 1 && r.passes[0].Column != "community_id" {
		return false
	}
	return !slices.ContainsFunc(g.readings, func(r *reading) bool {
		return slices.ContainsFunc(r.d.Grains, func(grain string) bool { return r.d.window(grain).kind == "roll" })
	})
}

// foldAttached folds the mart's rows: those of all communities for the whole,
// the others for the pass by community.
func (g *group) foldAttached(ctx context.Context) error {
	r := g.head()
	for _, grain := range grains() {
		if !slices.ContainsFunc(g.readings, func(r *reading) bool { return g.isPlaced(r.d, grain) }) {
			continue
		}
		traits := traitsOf(r.traits, grain)
		if err := g.foldWhole(ctx, grain, g.martRows(grain, "a.community_id = 'all'", traits), traits, true); err != nil {
			return err
		}
		for i, s := range r.passes {
			p := pass{type_: s.Type, column: sliceKey(i)}
			if err := g.foldSlices(ctx, grain, g.martRows(grain, "a.community_id <> 'all'", nil), p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *group) martRows(grain, community string, traits []trait) string {
	columns := "a.period_start, a.person_id as who, a.community_id as s0"
	for _, t := range traits {
		columns += ", a." + t.Mart
	}
	for _, w := range g.weights {
		columns += fmt.Sprintf(",\n        cast(%s as %s) as %s", w.expr, w.type_, w.name)
	}
	where := fmt.Sprintf("a.grain = '%s' and %s", grain, community)
	if g.where != "" {
		where += " and (" + g.where + ")"
	}
	return fmt.Sprintf("(\n    select %s\n    from %s as a\n    where %s\n)", columns, g.head().from, where)
}
