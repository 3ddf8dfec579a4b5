package kpi

import (
	"context"
	"fmt"
)

// fill gives every slice a row for each period inside coverage from its first
// one on; the whole begins where the data begins. Counts are 0 there, shares
// and medians have nothing to divide by. Cells outside coverage stay as they
// are.
const fill = `create or replace temp table filled as
with
firsts as (
    select k.kpi_id, k.grain, k.segment_type, k.segment_value, min(k.period_start) as first_start
    from cell as k
    where k.segment_type <> 'all'
    group by k.kpi_id, k.grain, k.segment_type, k.segment_value
),

starts as (
    select f.kpi_id, f.grain, f.segment_type, f.segment_value, f.first_start
    from firsts as f
    union all
    select g.kpi_id, g.grain, 'all' as segment_type, 'all' as segment_value, p.period_start as first_start
    from kpi_grain as g
    inner join ref.data_start as b on true
    inner join ref.period as p
        on p.grain = g.grain and p.period_start <= b.first_on and p.period_end > b.first_on
    where g.kind <> 'mean'
),

slots as (
    select s.kpi_id, s.grain, s.segment_type, s.segment_value, p.period_start
    from starts as s
    inner join ref.period as p
        on p.grain = s.grain and p.period_start >= s.first_start and p.period_start <= cast('%s' as date)
    inner join kpi_covered as c
        on c.kpi_id = s.kpi_id and not c.is_whole and c.from_on < p.period_end and c.until_on > p.period_start
    union
    select k.kpi_id, k.grain, k.segment_type, k.segment_value, k.period_start
    from cell as k
)

select
    s.kpi_id,
    s.grain,
    s.period_start,
    s.segment_type,
    s.segment_value,
    case when k.kpi_id is null and h.measure <> 'median' then 0 else k.numerator end as numerator,
    case when k.kpi_id is null and not h.is_filled then 0 else k.denominator end as denominator,
    case when k.kpi_id is null and h.is_filled then 0 else k.value end as value,
    case when k.kpi_id is null then 0 else k.n end as n,
    k.ci_low,
    k.ci_high,
    k.low,
    k.high
from slots as s
inner join kpi_header as h on h.kpi_id = s.kpi_id
left join cell as k
    on k.kpi_id = s.kpi_id and k.grain = s.grain and k.period_start = s.period_start
    and k.segment_type = s.segment_type and k.segment_value = s.segment_value`

// averages adds the cells of windows like mean:month. Their n is the smallest
// of the months that have anybody, since the mean and the shown months
// together would give a hidden one away.
func averages(ctx context.Context, tx Execer, finished []Finished) error {
	for _, f := range finished {
		for _, grain := range f.Grains {
			w := f.window(grain)
			if w.kind != "mean" {
				continue
			}
			query := fmt.Sprintf(`insert into cell (kpi_id, grain, period_start, segment_type, segment_value, numerator, denominator, value, n, ci_low, ci_high)
with
parents as (
    select distinct c.%[1]s as part_start, c.%[2]s as period_start
    from ref.calendar as c
)

select f.kpi_id, '%[3]s' as grain, p.period_start, f.segment_type, f.segment_value,
    sum(f.value) as numerator, cast(count(f.value) as double) as denominator,
    safe_div(sum(f.value), count(f.value)) as value,
    min(f.n) filter (where f.n > 0) as n,
    cast(null as double) as ci_low, cast(null as double) as ci_high
from cell as f
inner join parents as p on p.part_start = f.period_start
where f.kpi_id = '%[4]s' and f.grain = '%[5]s'
group by f.kpi_id, p.period_start, f.segment_type, f.segment_value`, periodColumn(w.of), periodColumn(grain), grain, f.ID, w.of)
			if err := tx.Exec(ctx, query); err != nil {
				return err
			}
		}
	}
	return nil
}
