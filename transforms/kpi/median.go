package kpi

import (
	"context"
	"fmt"
	"strings"
)

// medianCINeeds is the fewest amounts for which the interval of a median is
// given.
const medianCINeeds = 20

// foldMedian makes the cells of one grain from the amounts themselves, which a
// median cannot be collapsed before. The interval lies between the order
// statistics whose ranks are half a standard normal interval of the binomial
// around the middle. An infinite amount means "not yet", so a median that falls
// there is unknown. The amounts of a cell are sorted once; the value is the mean of
// the one or two in the middle.
func (g *group) foldMedian(ctx context.Context, grain, placed string, traits []trait, passes []pass) error {
	columns := "k.period_start, k.amount"
	for _, key := range g.keys() {
		columns += ", k." + key
	}
	types := []pass{{type_: "all", condition: passes[0].condition}}
	for i, t := range traits {
		columns += fmt.Sprintf(",\n    %s as t%d", t.code(), i)
		types = append(types, pass{t.Type, fmt.Sprintf("t%d", i), passes[0].condition})
	}
	if err := g.tx.Exec(ctx, fmt.Sprintf("create or replace temp table amounts as\nselect %s\nfrom (\n%s\n) as k%s\nwhere k.%s > 0",
		columns, placed, traitJoins(traits, grain, false), g.counted)); err != nil {
		return err
	}
	for i, p := range append(types, passes[1:]...) {
		value, n, text, decode := "'all'", "cast(null as bigint)", "f.segment_value", ""
		switch {
		case 0 < i && i < len(types):
			value, text, decode = "k."+p.column, "d.value", "\ninner join kpi_code as d on d.code = f.segment_value"
		case p.column != "":
			value = fmt.Sprintf("coalesce(k.%s, 'unknown')", p.column)
		}
		conditions := []string{"k.amount is not null"}
		if p.condition != "" {
			conditions = append(conditions, p.condition)
		}
		if g.head().who() != "" {
			n = "count(distinct k.who)"
		}
		query := fmt.Sprintf(medianCells, value, strings.Join(conditions, " and "), n, g.head().d.ID, grain, p.type_, medianCINeeds, text, decode)
		if err := g.tx.Exec(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

const medianCells = intoCells + `with
gathered as (
    select
        k.period_start,
        %[1]s as segment_value,
        list_sort(list(k.amount)) as in_order,
        count(*) as amounts,
        %[3]s as n
    from amounts as k
    where %[2]s
    group by k.period_start, %[1]s
),

folded as (
    select
        g.period_start,
        g.segment_value,
        g.amounts,
        g.n,
        safe_div(g.in_order[(g.amounts + 1) // 2] + g.in_order[g.amounts // 2 + 1], 2) as value,
        g.in_order[cast(greatest(1, floor(g.amounts * 0.5e0 - 0.979981992270027e0 * sqrt(g.amounts))) as bigint)] as ci_low,
        g.in_order[cast(least(g.amounts, ceil(g.amounts * 0.5e0 + 1 + 0.979981992270027e0 * sqrt(g.amounts))) as bigint)] as ci_high
    from gathered as g
)

select '%[4]s' as kpi_id, '%[5]s' as grain, f.period_start, '%[6]s' as segment_type, %[8]s as segment_value,
    cast(null as double) as numerator, cast(f.amounts as double) as denominator,
    nullif(f.value, cast('infinity' as double)) as value, f.n,
    case when f.amounts >= %[7]d then nullif(f.ci_low, cast('infinity' as double)) end as ci_low,
    case when f.amounts >= %[7]d then nullif(f.ci_high, cast('infinity' as double)) end as ci_high,
    cast(null as double) as low, cast(null as double) as high
from folded as f%[9]s`
