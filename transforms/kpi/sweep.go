package kpi

import (
	"context"
	"fmt"
)

// sweep counts distinct units over a rolling window: each unit's active days
// become spans that do not overlap, each span adds one at its start and takes
// it away at its end, and the running sum is read on the last day of every
// period, or today.
func (c *computation) sweep(ctx context.Context, grain string, rollDays int, p pass) error {
	query := fmt.Sprintf(sweptCells,
		p.slice, c.unit, c.today, rollDays, grain, c.d.ID, p.segmentType, c.sweptPeople())
	return c.tx.Exec(ctx, query)
}

const sweptCells = `insert into cell (kpi_id, grain, period_start, segment_type, segment_value, numerator, denominator, value, n, ci_low, ci_high)
with
active as (
    select distinct %[1]s as segment_value, a.%[2]s as unit_id, a.happened_on
    from atom as a
    where a.numerator > 0 and a.%[2]s is not null and a.happened_on <= cast('%[3]s' as date)
),

followed as (
    select
        x.segment_value,
        x.happened_on,
        add_days(x.happened_on, %[4]d) as ends_on,
        lead(x.happened_on) over (
            partition by x.segment_value, x.unit_id order by x.happened_on nulls last
        ) as next_on
    from active as x
),

spans as (
    select
        f.segment_value,
        f.happened_on as from_on,
        case when f.next_on < f.ends_on then f.next_on else f.ends_on end as until_on
    from followed as f
),

samples as (
    select
        v.segment_value,
        r.period_start,
        case when add_days(r.period_end, -1) > cast('%[3]s' as date)
            then cast('%[3]s' as date) else add_days(r.period_end, -1) end as read_on
    from (select s.segment_value, min(s.from_on) as first_on from spans as s group by s.segment_value) as v
    inner join ref.period as r
        on r.grain = '%[5]s' and r.period_end > v.first_on and r.period_start <= cast('%[3]s' as date)
),

steps as (
    select s.segment_value, s.from_on as step_on, cast(null as date) as period_start, count(*) as delta
    from spans as s
    group by s.segment_value, s.from_on
    union all
    select s.segment_value, s.until_on as step_on, cast(null as date) as period_start, -count(*) as delta
    from spans as s
    group by s.segment_value, s.until_on
    union all
    select m.segment_value, m.read_on as step_on, m.period_start, 0 as delta
    from samples as m
),

running as (
    select
        t.segment_value,
        t.period_start,
        cast(sum(t.delta) over (
            partition by t.segment_value order by t.step_on nulls last
            range between unbounded preceding and current row
        ) as bigint) as units
    from steps as t
)

select '%[6]s' as kpi_id, '%[5]s' as grain, n.period_start, '%[7]s' as segment_type, n.segment_value,
    cast(n.units as double) as numerator, cast(null as double) as denominator, cast(n.units as double) as value,
    %[8]s as n, cast(null as double) as ci_low, cast(null as double) as ci_high
from running as n
where n.period_start is not null and n.units > 0`

// sweptPeople is n of a rolling cell: the units where they are who privacy
// counts.
func (c *computation) sweptPeople() string {
	if c.peopled && c.privacy == c.unit {
		return "n.units"
	}
	return "cast(null as bigint)"
}
