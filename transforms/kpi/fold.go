package kpi

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// folded holds parts of cells: what atoms of one kind add to one number. Its
// rows are added up into cells.
const createFolded = `create or replace temp table folded (
    kpi_id varchar, grain varchar, period_start date, segment_type varchar, segment_value varchar, part varchar,
    numerator double, denominator double, squares double, n bigint,
    low double, high double, low_denominator double, high_denominator double
)`

// An aggregate is one number over rows k collapsed by who: the sum of a weight,
// or how many of them a condition holds for.
type aggregate struct{ name, weight, condition string }

func (a aggregate) expr() string {
	if a.weight != "" {
		return "sum(k." + a.weight + ")"
	}
	return "count(*) filter (where " + a.condition + ")"
}

// ofMany is the number over rows that stand for several people.
func (a aggregate) ofMany() string {
	if a.weight != "" {
		return "sum(k." + a.weight + " * k.people)"
	}
	return "coalesce(sum(k.people) filter (where " + a.condition + "), 0)"
}

// aggregates are the distinct numbers that the KPIs of the group need.
func (g *group) aggregates() (list []aggregate, of map[side]string) {
	of = map[side]string{}
	for _, m := range g.metrics {
		for _, s := range m.sides {
			a := aggregate{weight: s.weight}
			switch s.key {
			case "excess":
				a = aggregate{condition: fmt.Sprintf("k.%s > k.%s", s.weight, s.than)}
				if m.d.is("distinct_ratio") {
					a.condition = fmt.Sprintf("k.%s > 0 and k.%s = 0", s.weight, s.than)
				}
			case "who":
				a = aggregate{condition: fmt.Sprintf("k.%s > 0 and k.who is not null", s.weight)}
			}
			at := slices.IndexFunc(list, func(other aggregate) bool {
				return other.weight == a.weight && other.condition == a.condition
			})
			if at < 0 {
				at = len(list)
				a.name = fmt.Sprintf("a%d", at)
				list = append(list, a)
			}
			of[s] = list[at].name
		}
	}
	return list, of
}

// foldWhole folds the whole and the traits of its people in one statement:
// first to one row per combination of traits, then over grouping sets.
func (g *group) foldWhole(ctx context.Context, grain, rows string, traits []trait) error {
	list, of := g.aggregates()
	var columns, names, sums, numbers, sets, labels, values, read []string
	for i, t := range traits {
		name := fmt.Sprintf("t%d", i)
		columns = append(columns, fmt.Sprintf(",\n        %s as %s", t.code(), name))
		names = append(names, ", k."+name)
		sets = append(sets, fmt.Sprintf("(c.period_start, c.%s)", name))
		labels = append(labels, fmt.Sprintf("when grouping(c.%s) = 0 then '%s'", name, t.Type))
		values = append(values, "c."+name)
	}
	for _, w := range g.weights {
		read = append(read, ", k."+w.name)
	}
	firsts := ""
	for _, a := range list {
		firsts += fmt.Sprintf(",\n        %s as %s", a.expr(), a.name)
		sums = append(sums, fmt.Sprintf(", cast(sum(c.%s) as double) as %s", a.name, a.name))
		numbers = append(numbers, ", c."+a.name)
	}
	label, value, text, decode := "'all'", "'all'", "c.segment_value", ""
	if len(traits) > 0 {
		label = "case " + strings.Join(labels, " ") + " else 'all' end"
		value = "coalesce(" + strings.Join(values, ", ") + ")"
		text, decode = "coalesce(d.value, 'all')", "\nleft join kpi_code as d on d.code = c.segment_value"
	}
	who := "cast(null as integer)"
	if g.head().who() != "" {
		who = "k.who"
	}
	folding := fmt.Sprintf(`with
stated as (
    select
        k.period_start,
        %s as who%s%s
    from %s as k%s
),

combined as (
    select
        k.period_start%s%s
    from stated as k
    group by k.period_start%s
),

sliced as (
    select c.period_start, %s as segment_type, %s as segment_value%s
    from combined as c
    group by grouping sets (%s)
)

select c.period_start, c.segment_type, %s as segment_value%s
from sliced as c%s`,
		who, strings.Join(columns, ""), strings.Join(read, ""), rows, traitJoins(traits, grain),
		strings.Join(names, ""), firsts, strings.Join(names, ""),
		label, value, strings.Join(sums, ""), strings.Join(append([]string{"(c.period_start)"}, sets...), ", "),
		text, strings.Join(numbers, ""), decode)
	return g.store(ctx, grain, folding, of)
}

// traitJoins bring the traits of the people to rows k.
func traitJoins(traits []trait, grain string) string {
	if len(traits) == 0 {
		return ""
	}
	joins := "\n    left join kpi_person as p on p.person_no = k.who"
	if slices.ContainsFunc(traits, func(t trait) bool { return t.state && !t.none }) {
		joins += fmt.Sprintf("\n    left join kpi_state as s on s.person_no = k.who and s.period_start = k.period_start and s.grain_no = %d", grainNo(grain))
	}
	return joins
}

// foldSlices folds one other segment type.
func (g *group) foldSlices(ctx context.Context, grain, rows string, p pass) error {
	list, of := g.aggregates()
	columns := ""
	for _, a := range list {
		columns += fmt.Sprintf(",\n    cast(%s as double) as %s", a.expr(), a.name)
	}
	folding := fmt.Sprintf(`select
    k.period_start,
    '%[1]s' as segment_type,
    coalesce(k.%[2]s, 'unknown') as segment_value%[3]s
from %[4]s as k
group by k.period_start, coalesce(k.%[2]s, 'unknown')`, p.type_, p.column, columns, rows)
	return g.store(ctx, grain, folding, of)
}

// store runs a fold and takes the numbers of all KPIs of the group from it.
func (g *group) store(ctx context.Context, grain, folding string, of map[side]string) error {
	var parts []string
	for _, m := range g.metrics {
		if g.isPlaced(m.d, grain) {
			parts = append(parts, m.taken(grain, "folding", of))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return g.tx.Exec(ctx, intoFolded([]string{"folding as materialized (\n" + folding + "\n)"}, parts))
}

// intoFolded stores what is taken from folds.
func intoFolded(ctes, parts []string) string {
	return fmt.Sprintf("insert into folded (kpi_id, grain, period_start, segment_type, segment_value, %s)\nwith\n%s\n\n%s",
		strings.Join(foldedNumbers(), ", "), strings.Join(ctes, ",\n\n"), strings.Join(parts, "\nunion all\n"))
}

func foldedNumbers() []string {
	return []string{"numerator", "denominator", "squares", "n", "low", "high", "low_denominator", "high_denominator"}
}

// taken are the rows of the fold that say something about the KPI.
func (m metric) taken(grain, fold string, of map[side]string) string {
	var any, numbers []string
	names := map[string]string{}
	for _, s := range m.sides {
		names[s.into] = "f." + of[s]
		any = append(any, "f."+of[s]+" <> 0")
	}
	for _, column := range foldedNumbers() {
		numbers = append(numbers, cmp.Or(names[column], "cast(null as double)")+" as "+column)
	}
	where := "(" + strings.Join(any, " or ") + ")"
	if len(m.d.NumeratorOnly) > 0 {
		where += fmt.Sprintf(" and (f.segment_type not in ('%s') or %s <> 0)", strings.Join(m.d.NumeratorOnly, "', '"), names[m.sides[0].into])
	}
	return fmt.Sprintf("select '%s' as kpi_id, '%s' as grain, f.period_start, f.segment_type, f.segment_value, %s\nfrom %s as f\nwhere %s",
		m.d.ID, grain, strings.Join(numbers, ", "), fold, where)
}
