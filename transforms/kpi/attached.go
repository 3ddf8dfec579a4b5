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
// they stand, placed in their own period or in the next one.
func (g *group) isAttached() bool {
	r := g.head()
	if !r.rowWise || r.from != personPeriods || !g.isPlain() || r.has("from_on") || r.has("happened_on") || r.d.is("median") ||
		r.d.Once != "" || r.d.Split != "" || len(r.d.NumeratorOnly) > 0 {
		return false
	}
	for _, column := range []string{"grain", "community_id", "person_id"} {
		if !r.isOwn(column, column) {
			return false
		}
	}
	// What a row says of its person's level is said of its own period.
	isNext := r.isOwn("period_start", "next_period_start") && !slices.ContainsFunc(r.traits, func(t trait) bool { return t.state })
	if !r.isOwn("period_start", "period_start") && !isNext {
		return false
	}
	if slices.ContainsFunc(r.passes, func(s segment) bool {
		return s.Column != "community_id" && !(isTrait(s.Column) && r.isOwn(s.Column, s.Column))
	}) {
		return false
	}
	return !slices.ContainsFunc(g.readings, func(r *reading) bool {
		return slices.ContainsFunc(r.d.Grains, func(grain string) bool { return r.d.window(grain).kind == "roll" })
	})
}

// isOwn reports whether a column of the select is that column of the mart.
func (r *reading) isOwn(column, own string) bool {
	return strings.ReplaceAll(r.exprs[column], `"`, "") == "a."+own
}

// isTrait reports whether the column of personPeriods says something of every
// person, never nothing.
func isTrait(column string) bool {
	return slices.ContainsFunc(slices.Concat(communityTraits(false), communityTraits(true)), func(t trait) bool { return t.Mart == column })
}

// foldAttached folds the mart's rows: those of all communities for the whole
// and what is said of people, the others for the pass by community.
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
			rows := "a.community_id = 'all'"
			if s.Column == "community_id" {
				rows = "a.community_id <> 'all'"
			}
			if err := g.foldSlices(ctx, grain, g.martRows(grain, rows, nil), pass{type_: s.Type, column: sliceKey(i)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *group) martRows(grain, community string, traits []trait) string {
	r := g.head()
	columns := r.exprs["period_start"] + " as period_start, a.person_id as who"
	for i, s := range r.passes {
		columns += fmt.Sprintf(", a.%s as %s", s.Column, sliceKey(i))
	}
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
	return fmt.Sprintf("(\n    select %s\n    from %s as a\n    where %s\n)", columns, r.from, where)
}
