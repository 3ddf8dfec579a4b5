package kpi

import (
	"context"
	"fmt"
)

// wilson replaces the cells of a share by the same with the 95 % score
// interval of Wilson (1927).
func (c *computation) wilson(ctx context.Context) error {
	const z2 = "3.8414588206941243e0" // square of the normal quantile 1.959963984540054
	center := fmt.Sprintf("safe_div(k.numerator + 0.5e0 * %s, k.denominator + %s)", z2, z2)
	half := fmt.Sprintf(`safe_div(1.959963984540054e0, k.denominator + %s)
        * sqrt(k.denominator * k.value * (1 - k.value) + 0.25e0 * %s)`, z2, z2)
	for _, statement := range []string{
		fmt.Sprintf(`create or replace temp table share as
select k.kpi_id, k.grain, k.period_start, k.segment_type, k.segment_value, k.numerator, k.denominator, k.value, k.n,
    case when k.value is null then null else greatest(0, coalesce(%[1]s - %[2]s, 0)) end as ci_low,
    case when k.value is null then null else least(1, coalesce(%[1]s + %[2]s, 1)) end as ci_high
from cell as k
where k.kpi_id = '%[3]s'`, center, half, c.d.ID),
		fmt.Sprintf("delete from cell where kpi_id = '%s'", c.d.ID),
		"insert into cell (kpi_id, grain, period_start, segment_type, segment_value, numerator, denominator, value, n, ci_low, ci_high) select * from share",
	} {
		if err := c.tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
