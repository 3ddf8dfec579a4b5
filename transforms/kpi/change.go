package kpi

import (
	"context"
	"fmt"
	"strings"
)

// writeChanges replaces kpi.change: every value beside the one of the period
// before, of the year before, and beside its baseline, the median of the four
// complete values before it. Only values that can be seen and are whole are
// compared, within one definition version. The one period that is still going
// on is compared like for like: its days so far with as many days of the
// earlier period.
func writeChanges(ctx context.Context, tx Execer, run Run) error {
	columns := strings.NewReplacer(
		"{abs_change}", significant("p.value - p.prev_value"), "{pct_change}", significant("safe_div(p.value - p.prev_value, abs(p.prev_value))"),
	)
	statements := []string{createShown, createPairs, createNoise, columns.Replace(createChange)}
	for _, statement := range statements {
		if err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("compare values: %w", err)
		}
	}
	if err := tx.Exec(ctx, replaceComputed("kpi.change")); err != nil {
		return err
	}
	return tx.Exec(ctx, insertChange, run.ComputedAt.UTC())
}

const createShown = `create or replace temp table shown as
with
values_shown as (
    select
        c.kpi_id, c.grain, c.period_start, c.segment_type, c.segment_value, c.numerator, c.denominator, c.value,
        c.ci_low, c.ci_high, c.version, c.is_to_date, c.is_partial
    from completed as c
    left join hidden_cell as h
        on h.kpi_id = c.kpi_id and h.grain = c.grain and h.period_start = c.period_start
        and h.segment_type = c.segment_type and h.segment_value = c.segment_value
    where h.kpi_id is null and c.status = 'ok' and c.value is not null
)

select
    v.*,
    row_number() over (
        partition by v.kpi_id, v.grain, v.segment_type, v.segment_value order by v.period_start nulls last
    ) as place
from values_shown as v
where v.is_to_date or not v.is_partial`

// createPairs puts every shown value beside the earlier ones. The median of
// four is the mean of the two in the middle.
const createPairs = `create or replace temp table compared as
with
earlier as (
    select p.grain, p.period_start, 'prior_period' as compare_to, p.prev_period_start as earlier_start, p.grain as calendar_grain
    from ref.period as p
    union all
    select p.grain, p.period_start, 'prior_year' as compare_to, p.prior_year_start as earlier_start, p.grain as calendar_grain
    from ref.period as p
    union all
    select t.to_date as grain, p.period_start, 'prior_period' as compare_to, p.prev_period_start as earlier_start, p.grain as calendar_grain
    from ref.period as p
    inner join to_date_grain as t on t.grain = p.grain
    union all
    select t.to_date as grain, p.period_start, 'prior_year' as compare_to, p.prior_year_start as earlier_start, p.grain as calendar_grain
    from ref.period as p
    inner join to_date_grain as t on t.grain = p.grain
),

four as (
    select
        s.kpi_id, s.grain, s.period_start, s.segment_type, s.segment_value, s.value, s.is_to_date, s.version, s.place,
        count(*) over w as found,
        safe_div(sum(s.value) over w - min(s.value) over w - max(s.value) over w, 2) as middle
    from shown as s
    where not s.is_to_date
    window w as (
        partition by s.kpi_id, s.grain, s.segment_type, s.segment_value order by s.place nulls last
        rows between 4 preceding and 1 preceding
    )
)

select
    c.kpi_id, e.calendar_grain as grain, c.period_start, c.segment_type, c.segment_value, e.compare_to,
    c.value, b.value as prev_value, c.is_to_date, c.place,
    c.ci_low, c.ci_high, b.ci_low as prev_ci_low, b.ci_high as prev_ci_high
from shown as c
inner join earlier as e on e.grain = c.grain and e.period_start = c.period_start
inner join shown as b
    on b.kpi_id = c.kpi_id and b.grain = c.grain and b.period_start = e.earlier_start
    and b.segment_type = c.segment_type and b.segment_value = c.segment_value and b.version = c.version
where c.is_partial or not c.is_to_date
union all
select
    f.kpi_id, f.grain, f.period_start, f.segment_type, f.segment_value, 'baseline' as compare_to,
    f.value, f.middle as prev_value, false as is_to_date, f.place,
    cast(null as double) as ci_low, cast(null as double) as ci_high,
    cast(null as double) as prev_ci_low, cast(null as double) as prev_ci_high
from four as f
where f.found = 4`

// createNoise is how far a value usually moves: the median absolute deviation
// of its last twelve changes of the same comparison. Shares and NPS have
// intervals and do not need it, but for the baseline.
const createNoise = `create or replace temp table noise as
with
changes as (
    select
        p.kpi_id, p.grain, p.segment_type, p.segment_value, p.compare_to, p.period_start, p.value - p.prev_value as change,
        row_number() over (
            partition by p.kpi_id, p.grain, p.segment_type, p.segment_value, p.compare_to
            order by p.is_to_date nulls last, p.period_start nulls last
        ) as place
    from compared as p
    inner join kpi_rule as h on h.kpi_id = p.kpi_id
    where p.compare_to = 'baseline' or h.measure not in ('ratio', 'distinct_ratio', 'nps') or p.ci_low is null
),

last_twelve as (
    select c.kpi_id, c.grain, c.segment_type, c.segment_value, c.compare_to, c.period_start, b.change
    from changes as c
    inner join changes as b
        on b.kpi_id = c.kpi_id and b.grain = c.grain and b.segment_type = c.segment_type
        and b.segment_value = c.segment_value and b.compare_to = c.compare_to
        and b.place between c.place - 12 and c.place - 1
    where c.place > 12
),

middles as (
    select
        l.kpi_id, l.grain, l.segment_type, l.segment_value, l.compare_to, l.period_start,
        percentile_cont(0.5) within group (order by l.change nulls last) as middle
    from last_twelve as l
    group by l.kpi_id, l.grain, l.segment_type, l.segment_value, l.compare_to, l.period_start
)

select
    l.kpi_id, l.grain, l.segment_type, l.segment_value, l.compare_to, l.period_start,
    percentile_cont(0.5) within group (order by abs(l.change - m.middle) nulls last) as deviation
from last_twelve as l
inner join middles as m
    on m.kpi_id = l.kpi_id and m.grain = l.grain and m.segment_type = l.segment_type
    and m.segment_value = l.segment_value and m.compare_to = l.compare_to and m.period_start = l.period_start
group by l.kpi_id, l.grain, l.segment_type, l.segment_value, l.compare_to, l.period_start`

// createChange works out size, direction and significance. A share has moved
// when the interval of Newcombe (1998, method 10) around the difference, made of
// both Wilson intervals, excludes 0; NPS when it moved by more than both
// standard errors allow; anything else when it moved by more than twice its
// usual deviation, which is unknown before twelve changes.
const createChange = `create or replace temp table change_found as
with
tested as (
    select
        p.*,
        h.measure, h.direction,
        p.value - p.prev_value as difference,
        sqrt((p.value - p.ci_low) * (p.value - p.ci_low)
            + (p.prev_ci_high - p.prev_value) * (p.prev_ci_high - p.prev_value)) as below,
        sqrt((p.ci_high - p.value) * (p.ci_high - p.value)
            + (p.prev_value - p.prev_ci_low) * (p.prev_value - p.prev_ci_low)) as above,
        n.deviation
    from compared as p
    inner join kpi_rule as h on h.kpi_id = p.kpi_id
    left join noise as n
        on n.kpi_id = p.kpi_id and n.grain = p.grain and n.segment_type = p.segment_type
        and n.segment_value = p.segment_value and n.compare_to = p.compare_to and n.period_start = p.period_start
)

select
    p.kpi_id, p.grain, p.period_start, p.segment_type, p.segment_value, p.compare_to, p.value, p.prev_value,
    {abs_change} as abs_change,
    {pct_change} as pct_change,
    {pct_change} * case p.direction when 'up' then 1 when 'down' then -1 end as improvement,
    p.is_to_date as is_like_for_like,
    case
        when p.measure in ('ratio', 'distinct_ratio', 'nps') and p.below is not null and p.above is not null
            then p.difference - p.below > 0 or p.difference + p.above < 0
        else abs(p.difference) > 2 * p.deviation
    end as is_significant
from tested as p`

const changeTable = `kpi_id varchar, grain varchar, period_start date, segment_type varchar, segment_value varchar,
    compare_to varchar, value double, prev_value double, abs_change double, pct_change double, improvement double,
    is_like_for_like boolean, is_significant boolean, computed_at timestamp`

const insertChange = `insert into kpi.change
select c.*, cast(? as timestamp) as computed_at
from change_found as c
order by c.kpi_id nulls last, c.grain nulls last, c.period_start nulls last, c.segment_type nulls last,
    c.segment_value nulls last, c.compare_to nulls last`
