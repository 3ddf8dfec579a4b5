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

// isAttached reports whether the group's atoms are rows of personPeriods as they
// stand.
func (g *group) isAttached() bool {
	return !slices.ContainsFunc(g.readings, func(r *reading) bool { return !r.isAttached() })
}

// isAttached reports whether the atoms are rows of personPeriods as they stand,
// placed in their own period or in the next one.
func (r *reading) isAttached() bool {
	if !r.rowWise || r.from != personPeriods || r.countsOthers() || r.isDaily() || r.has("from_on") || r.has("happened_on") ||
		r.d.is("median") || r.d.All != "" || r.d.Once != "" || r.d.Split != "" || len(r.d.NumeratorOnly) > 0 {
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
	return !slices.ContainsFunc(r.d.Grains, func(grain string) bool { return r.d.window(grain).kind == "roll" })
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

// A view is what KPIs that stand alike take of the mart's rows.
type view struct {
	name     string
	period   string // column of the rows with the period that they are placed in
	segments []segment
	metrics  []metric
}

// views are those of the KPIs that are given by the grain.
func (g *group) views(grain string) (list []view) {
	for _, m := range g.metrics {
		if !g.isPlaced(m.d, grain) {
			continue
		}
		v := view{period: "period_start", segments: slices.Clone(m.passes), metrics: []metric{m}}
		if !m.isOwn("period_start", v.period) {
			v.period = "next_period_start"
		}
		for _, t := range traitsOf(m.traits, grain) {
			v.segments = append(v.segments, segment{t.Type, t.Mart})
		}
		at := slices.IndexFunc(list, func(other view) bool {
			return other.period == v.period && slices.Equal(other.segments, v.segments)
		})
		if at >= 0 {
			list[at].metrics = append(list[at].metrics, m)
			continue
		}
		v.name = fmt.Sprintf("folding_%d", len(list))
		list = append(list, v)
	}
	return list
}

// foldAttached folds the mart's rows, each grain once for all KPIs: those of all
// communities for the whole and what is said of people, the others for the pass
// by community.
func (g *group) foldAttached(ctx context.Context) error {
	for _, grain := range grains() {
		views := g.views(grain)
		if len(views) == 0 {
			continue
		}
		list, of := g.aggregates()
		ctes, parts := []string{g.combined(grain, views, list)}, []string{}
		for _, v := range views {
			ctes = append(ctes, v.name+" as materialized (\n"+v.sliced(list)+"\n)")
			for _, m := range v.metrics {
				parts = append(parts, m.taken(grain, v.name, of))
			}
		}
		if err := g.tx.Exec(ctx, intoFolded(ctes, parts)); err != nil {
			return err
		}
	}
	return nil
}

// combined are the numbers of the mart's rows for each combination of what they
// are sliced by: those of all communities have all but the community.
func (g *group) combined(grain string, views []view, list []aggregate) string {
	var keys, numbers, weights string
	var seen []string
	add := func(column, expr string) {
		if slices.Contains(seen, column) {
			return
		}
		seen = append(seen, column)
		weights += ",\n        " + expr + " as " + column
		numbers += ", k." + column
		keys += ", k." + column
	}
	for _, v := range views {
		add(v.period, "a."+v.period)
		for _, s := range v.segments {
			if s.Column != "community_id" {
				add(s.Column, fmt.Sprintf("case when a.community_id = 'all' then coalesce(a.%s, 'unknown') end", s.Column))
			}
		}
	}
	for _, w := range g.weights {
		weights += fmt.Sprintf(",\n        cast(%s as %s) as %s", w.expr, w.type_, w.name)
	}
	for _, a := range list {
		numbers += fmt.Sprintf(",\n        %s as %s", a.expr, a.name)
	}
	where := fmt.Sprintf("a.grain = '%s'", grain)
	if g.where != "" {
		where += " and (" + g.where + ")"
	}
	return fmt.Sprintf(`combined as materialized (
    select
        k.community_id%s
    from (
    select
        a.community_id,
        1 as who%s
    from %s as a
    where %s
    ) as k
    group by k.community_id%s
)`, numbers, weights, personPeriods, where, keys)
}

// sliced adds the combinations up by each segment type of the view.
func (v view) sliced(list []aggregate) string {
	sums, sets, labels, values := "", "(c."+v.period+")", "", ""
	for _, a := range list {
		sums += fmt.Sprintf(", cast(sum(c.%[1]s) as double) as %[1]s", a.name)
	}
	byCommunity := ""
	for _, s := range v.segments {
		if s.Column == "community_id" {
			byCommunity = fmt.Sprintf(`
    union all
    select c.%[1]s as period_start, '%[2]s' as segment_type, c.community_id as segment_value%[3]s
    from combined as c
    where c.community_id <> 'all'
    group by c.%[1]s, c.community_id`, v.period, s.Type, sums)
			continue
		}
		sets += fmt.Sprintf(", (c.%s, c.%s)", v.period, s.Column)
		labels += fmt.Sprintf(" when grouping(c.%s) = 0 then '%s'", s.Column, s.Type)
		values += "c." + s.Column + ", "
	}
	label, value := "'all'", "'all'"
	if labels != "" {
		label, value = "case"+labels+" else 'all' end", "coalesce("+values+"'all')"
	}
	return fmt.Sprintf(`    select c.%s as period_start, %s as segment_type, %s as segment_value%s
    from combined as c
    where c.community_id = 'all'
    group by grouping sets (%s)%s`, v.period, label, value, sums, sets, byCommunity)
}
