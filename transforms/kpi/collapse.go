package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// collapse makes one row per key and period of a grain, from atoms or, where
// the smaller grain lies whole in this one, from its collapsed rows.
func (g *group) collapse(ctx context.Context, grain, placed string, smaller string) error {
	if smaller != "" {
		placed = fmt.Sprintf("select c.%s as period_start%s\nfrom collapsed_%s as a\ninner join ref.calendar as c on c.date_day = a.period_start",
			periodColumn(grain), g.carried(), smaller)
	}
	return g.tx.Exec(ctx, fmt.Sprintf("create or replace temp table collapsed_%s as\n%s", grain, g.gathered("(\n"+placed+"\n)", g.keys(), "")))
}

// gathered adds up the weights of rows by the period and these keys.
func (g *group) gathered(from string, keys []string, condition string) string {
	if g.isDaily {
		from, condition = g.oncePerDay(from, keys, condition), ""
	}
	return g.grouped(from, append([]string{"period_start"}, keys...), condition, func(w weight) string {
		return fmt.Sprintf("cast(sum(k.%s) as %s)", w.name, w.sumType())
	})
}

// oncePerDay makes one row per key and day, whatever else keeps atoms apart.
func (g *group) oncePerDay(from string, keys []string, condition string) string {
	by := append([]string{"period_start", "happened_on"}, keys...)
	return "(\n" + g.grouped(from, by, condition, func(w weight) string {
		return fmt.Sprintf("case when max(k.%s) > 0 and max(k.who) is not null then 1 else 0 end", w.name)
	}) + "\n)"
}

func (g *group) grouped(from string, keys []string, condition string, number func(w weight) string) string {
	var columns, names []string
	for _, key := range keys {
		columns = append(columns, "k."+key)
		names = append(names, "k."+key)
	}
	for _, w := range g.weights {
		columns = append(columns, number(w)+" as "+w.name)
	}
	where := ""
	if condition != "" {
		where = "\nwhere " + condition
	}
	return fmt.Sprintf("select %s\nfrom %s as k%s\ngroup by %s", strings.Join(columns, ", "), from, where, strings.Join(names, ", "))
}

// A pass is the whole with the traits of its people, or one other segment type.
type pass struct {
	type_     string // "" for the whole
	column    string // key that holds its values
	condition string // which rows it reads
}

// units are the keys that a fold counts.
func (g *group) units() []string {
	return slices.DeleteFunc(g.keys(), func(key string) bool { return key != "who" && key != "unit" })
}

// passes are all folds of the group; a slice that is empty in every atom has
// none.
func (g *group) passes(found *probe) []pass {
	r := g.head()
	whole := ""
	if g.flags.whole {
		whole = "k.is_whole"
	}
	passes := []pass{{condition: whole}}
	for i, s := range r.passes {
		if found != nil && found.Slices[i] == 0 {
			continue
		}
		conditions := []string{}
		if s.Column == "community_id" && g.flags.grain {
			conditions = append(conditions, fmt.Sprintf("coalesce(k.%s, '') <> 'all'", sliceKey(i)))
			if g.flags.split {
				conditions = append(conditions, "k.is_default")
			}
		} else if whole != "" {
			conditions = append(conditions, whole)
		}
		if slices.Contains(r.d.NumeratorOnly, s.Type) {
			conditions = append(conditions, fmt.Sprintf("k.%s <> 0", g.metrics[0].sides[0].weight))
		}
		passes = append(passes, pass{s.Type, sliceKey(i), strings.Join(conditions, " and ")})
	}
	if g.flags.split {
		condition := "not k.is_default"
		if g.flags.grain && r.has("community_id") {
			at := slices.IndexFunc(r.passes, func(s segment) bool { return s.Column == "community_id" })
			if at >= 0 {
				condition += fmt.Sprintf(" and coalesce(k.%s, 'all') = 'all'", sliceKey(at))
			}
		}
		passes = append(passes, pass{r.d.Split, "split", condition})
	}
	return passes
}

// rows are the collapsed rows of a pass: one per period, segment value and
// unit, the value as seg.
func (g *group) rows(from string, p pass) string {
	keys := g.units()
	if p.type_ != "" {
		keys = append(keys, p.column)
	}
	if g.isCollapsed() && p.condition == "" && slices.Equal(keys, g.keys()) {
		return from
	}
	return "(\n" + g.gathered(from, keys, p.condition) + "\n)"
}
