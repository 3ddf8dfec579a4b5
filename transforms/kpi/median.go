package kpi

import (
	"context"
	"fmt"
)

// medianCINeeds is the fewest amounts for which the interval of a median is
// given.
const medianCINeeds = 20

// foldMedian folds atoms, which a median cannot be collapsed before. The
// interval lies between the order statistics whose ranks are half a standard
// normal interval of the binomial around the middle. An infinite amount means
// "not yet", so a median that falls there is unknown.
func (c *computation) foldMedian(ctx context.Context) error {
	for _, grain := range c.grainsNeeded("cal") {
		for _, p := range c.allPasses() {
			query := fmt.Sprintf(medianCells,
				periodColumn(grain), p.slice, c.n(), grain, p.segmentType, c.d.ID, medianCINeeds)
			if err := c.tx.Exec(ctx, query); err != nil {
				return err
			}
		}
	}
	return nil
}

const medianCells = `insert into cell (kpi_id, grain, period_start, segment_type, segment_value, numerator, denominator, value, n, ci_low, ci_high)
with
amounts as (
    select c.%[1]s as period_start, %[2]s as segment_value, a.amount
    from atom as a
    inner join ref.calendar as c on c.date_day = a.happened_on
    where a.denominator > 0 and a.amount is not null
),

ranked as (
    select
        m.period_start,
        m.segment_value,
        m.amount,
        row_number() over (
            partition by m.period_start, m.segment_value order by m.amount nulls last
        ) as place,
        count(*) over (partition by m.period_start, m.segment_value) as amounts
    from amounts as m
),

folded as (
    select
        r.period_start,
        r.segment_value,
        count(*) as amounts,
        percentile_cont(0.5) within group (order by r.amount nulls last) as value,
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
),

people as (
    select f.period_start, f.segment_value, %[3]s as n
    from collapsed as f
    where f.grain = '%[4]s' and f.segment_type = '%[5]s'
    group by f.period_start, f.segment_value
)

select '%[6]s' as kpi_id, '%[4]s' as grain, p.period_start, '%[5]s' as segment_type, p.segment_value,
    cast(null as double) as numerator, cast(coalesce(f.amounts, 0) as double) as denominator,
    nullif(f.value, cast('infinity' as double)) as value, p.n,
    case when f.amounts >= %[7]d then nullif(f.ci_low, cast('infinity' as double)) end as ci_low,
    case when f.amounts >= %[7]d then nullif(f.ci_high, cast('infinity' as double)) end as ci_high
from people as p
left join folded as f on f.period_start = p.period_start and f.segment_value = p.segment_value`
