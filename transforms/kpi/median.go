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
// there is unknown. The amounts are ranked once; the value is the mean of the
// one or two in the middle.
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
		columns, placed, traitJoins(traits, grain), g.counted)); err != nil {
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
		who := "cast(null as integer)"
		if g.head().who() != "" {
			who, n = "k.who", "count(distinct r.who)"
		}
		query := fmt.Sprintf(medianCells, value, who, strings.Join(conditions, " and "), n, g.head().d.ID, grain, p.type_, medianCINeeds, text, decode)
		if err := g.tx.Exec(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

const medianCells = intoCells + `with
ranked as (
    select
        k.period_start,
        %[1]s as segment_value,
        %[2]s as who,
        k.amount,
        row_number() over (partition by k.period_start, %[1]s order by k.amount nulls last) as place,
        count(*) over (
            partition by k.period_start, %[1]s order by k.amount nulls last
            rows between unbounded preceding and unbounded following
        ) as amounts
    from amounts as k
    where %[3]s
),

folded as (
    select
        r.period_start,
        r.segment_value,
        count(*) as amounts,
        %[4]s as n,
        safe_div(sum(r.amount) filter (where r.place * 2 in (r.amounts, r.amounts + 1, r.amounts + 2)), 2 - count(*) %% 2) as value,
        min(r.amount) filter (
            where r.place = greatest(1, coalesce(floor(r.amounts * 0.5e0 - 0.979981992270027e0 * sqrt(r.amounts)), 1))
        ) as ci_low,
        min(r.amount) filter (
            where r.place = least(
                coalesce(r.amounts, 1),
                coalesce(ceil(r.amounts * 0.5e0 + 1 + 0.979981992270027e0 * sqrt(r.amounts)), 1)
            )
        ) as ci_high
    from ranked as r
    group by r.period_start, r.segment_value
)

select '%[5]s' as kpi_id, '%[6]s' as grain, f.period_start, '%[7]s' as segment_type, %[9]s as segment_value,
    cast(null as double) as numerator, cast(f.amounts as double) as denominator,
    nullif(f.value, cast('infinity' as double)) as value, f.n,
    case when f.amounts >= %[8]d then nullif(f.ci_low, cast('infinity' as double)) end as ci_low,
    case when f.amounts >= %[8]d then nullif(f.ci_high, cast('infinity' as double)) end as ci_high,
    cast(null as double) as low, cast(null as double) as high
from folded as f%[10]s`
