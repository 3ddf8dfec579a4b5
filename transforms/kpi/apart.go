package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// foldApart folds a group whose units are not who privacy counts, or whose
// whole is a mean of segments: one statement per segment type and number, over
// rows that carry every key and trait.
func (g *group) foldApart(ctx context.Context, grain string, traits []trait, passes []pass) error {
	keys := append([]string{"period_start"}, g.keys()...)
	for _, w := range g.weights {
		keys = append(keys, w.name)
	}
	columns := "k." + strings.Join(keys, ", k.")
	types, decode := []pass{}, ""
	for i, t := range traits {
		columns += fmt.Sprintf(",\n    d%d.value as t%d", i, i)
		decode += fmt.Sprintf("\ninner join kpi_code as d%d on d%d.code = %s", i, i, t.code())
		types = append(types, pass{t.Type, fmt.Sprintf("t%d", i), passes[0].condition})
	}
	if err := g.tx.Exec(ctx, fmt.Sprintf("create or replace temp table stated as\nselect %s\nfrom collapsed_%s as k%s%s",
		columns, grain, traitJoins(traits, grain), decode)); err != nil {
		return err
	}
	for _, p := range append(types, passes...) {
		for _, s := range g.metrics[0].sides {
			if err := g.tx.Exec(ctx, g.apart(grain, p, s)); err != nil {
				return err
			}
		}
	}
	return nil
}

// apart is the fold of one number.
func (g *group) apart(grain string, p pass, s side) string {
	r := g.head()
	type_, value, part := p.type_, "'all'", "cast(null as varchar)"
	if type_ == "" {
		type_ = "all"
	} else {
		value = fmt.Sprintf("coalesce(k.%s, 'unknown')", p.column)
	}
	conditions := []string{fmt.Sprintf("k.%s <> 0", s.weight)}
	if p.condition != "" {
		conditions = append(conditions, p.condition)
	}
	if r.d.All != "" {
		own := sliceKey(slices.IndexFunc(r.passes, func(s segment) bool { return slices.Contains(r.d.Segments, s.Type) && s.Type != "community" }))
		part = "k." + own
		conditions = append(conditions, part+" is not null")
	}
	number := fmt.Sprintf("cast(sum(k.%s) as double)", s.weight)
	from, again := "stated as k", fmt.Sprintf("k.period_start, %s, %s", value, part)
	if s.key != "" {
		conditions = append(conditions, fmt.Sprintf("k.%s > 0 and k.%s is not null", s.weight, s.key))
		from = fmt.Sprintf(`(
    select distinct k.period_start, %s as segment_value, %s as part, k.%s
    from stated as k
    where %s
) as k`, value, part, s.key, strings.Join(conditions, " and "))
		number, value, part, again, conditions = "count(*)", "k.segment_value", "k.part", "k.period_start, k.segment_value, k.part", nil
	}
	where := ""
	if len(conditions) > 0 {
		where = "\nwhere " + strings.Join(conditions, " and ")
	}
	return fmt.Sprintf(`insert into folded (kpi_id, grain, period_start, segment_type, segment_value, part, %s)
select '%s' as kpi_id, '%s' as grain, k.period_start, '%s' as segment_type, %s as segment_value, %s as part, %s
from %s%s
group by %s`, s.into, r.d.ID, grain, type_, value, part, number, from, where, again)
}
