package kpi

import (
	"context"
	"fmt"
	"regexp"
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
	// Whole numbers are multiplied by the people that they stand for.
	for _, column := range []string{"numerator", "denominator", "amount", "low", "high", "low_denominator", "high_denominator"} {
		if type_ := r.types[column]; type_ == "DOUBLE" || type_ == "FLOAT" || strings.HasPrefix(type_, "DECIMAL") {
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
	asked, err := g.asked(ctx)
	if err != nil {
		return err
	}
	for _, grain := range grains() {
		views := g.views(grain)
		if len(views) == 0 {
			continue
		}
		list, of := g.aggregates()
		ctes, parts := []string{g.combined(grain, views, list, asked)}, []string{}
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
// are sliced by: those of all communities have all but the community. Most rows
// are like many others in everything that the KPIs ask of them, so they are
// counted before anything is asked.
func (g *group) combined(grain string, views []view, list []aggregate, asked []string) string {
	read, keys := []string{"a.community_id as by_community_id"}, []string{"by_community_id"}
	add := func(column, expr string) {
		if !slices.Contains(keys, "by_"+column) {
			keys = append(keys, "by_"+column)
			read = append(read, expr+" as by_"+column)
		}
	}
	for _, v := range views {
		add(v.period, "a."+v.period)
		for _, s := range v.segments {
			add(s.Column, fmt.Sprintf("case when a.community_id = 'all' then coalesce(a.%s, 'unknown') end", s.Column))
		}
	}
	for _, column := range asked {
		read = append(read, "a."+column)
	}
	var weights, numbers string
	for _, w := range g.weights {
		weights += fmt.Sprintf(",\n            cast(%s as %s) as %s", w.expr, w.type_, w.name)
	}
	for _, a := range list {
		numbers += fmt.Sprintf(",\n        %s as %s", a.ofMany(), a.name)
	}
	where := fmt.Sprintf("a.grain = '%s'", grain)
	if g.where != "" {
		where += " and (" + g.where + ")"
	}
	of := func(alias string, columns []string) string { return alias + strings.Join(columns, ", "+alias) }
	return fmt.Sprintf(combinedRows, of("r.", slices.Concat(keys, asked)), strings.Join(read, ",\n            "), personPeriods, where,
		of("k.", keys), numbers, of("a.", keys), weights)
}

const combinedRows = `alike as (
    select
        %[1]s,
        count(*) as people
    from (
        select
            %[2]s
        from %[3]s as a
        where %[4]s
    ) as r
    group by %[1]s
),

combined as materialized (
    select
        %[5]s%[6]s
    from (
        select
            %[7]s,
            a.people,
            1 as who%[8]s
        from alike as a
    ) as k
    group by %[5]s
)`

// asked are the columns of the mart that the group's numbers are made of.
func (g *group) asked(ctx context.Context) (names []string, err error) {
	columns, err := g.tx.Columns(ctx, "select * from "+personPeriods)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, w := range g.weights {
		found = append(found, columnName.FindAllString(strings.ToLower(w.expr), -1)...)
	}
	for _, c := range columns {
		if name := strings.ToLower(c.Name); slices.Contains(found, "a."+name) || slices.Contains(found, `a."`+name) {
			names = append(names, c.Name)
		}
	}
	return names, nil
}

// columnName finds the columns of rows a in an expression.
var columnName = regexp.MustCompile(`\ba\."?[a-z0-9_]+`)

// sliced adds the combinations up by each segment type of the view.
func (v view) sliced(list []aggregate) string {
	sums, sets, labels, values := "", "(c.by_"+v.period+")", "", ""
	for _, a := range list {
		sums += fmt.Sprintf(", cast(sum(c.%[1]s) as double) as %[1]s", a.name)
	}
	byCommunity := ""
	for _, s := range v.segments {
		if s.Column == "community_id" {
			byCommunity = fmt.Sprintf(`
    union all
    select c.by_%[1]s as period_start, '%[2]s' as segment_type, c.by_community_id as segment_value%[3]s
    from combined as c
    where c.by_community_id <> 'all'
    group by c.by_%[1]s, c.by_community_id`, v.period, s.Type, sums)
			continue
		}
		sets += fmt.Sprintf(", (c.by_%s, c.by_%s)", v.period, s.Column)
		labels += fmt.Sprintf(" when grouping(c.by_%s) = 0 then '%s'", s.Column, s.Type)
		values += "c.by_" + s.Column + ", "
	}
	label, value := "'all'", "'all'"
	if labels != "" {
		label, value = "case"+labels+" else 'all' end", "coalesce("+values+"'all')"
	}
	return fmt.Sprintf(`    select c.by_%s as period_start, %s as segment_type, %s as segment_value%s
    from combined as c
    where c.by_community_id = 'all'
    group by grouping sets (%s)%s`, v.period, label, value, sums, sets, byCommunity)
}
