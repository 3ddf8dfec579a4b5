package kpi

import (
	"context"
	"fmt"
	"strings"
)

// writeChanges replaces kpi.change: every value beside the one of the period
// before, of the year before, and beside its baseline, the median of the four
// complete values before it. Only values that can be seen and are whole are
// compared, within one definition version, and none of a time in which fewer
// people were seen to be active with one of a time in which more were. The one period that is still going
// on is compared like for like: its days so far with as many days of the
// earlier period.
func writeChanges(ctx context.Context, tx Execer, run Run) error {
	columns := strings.NewReplacer(
		"{abs_change}", significant("p.value - p.prev_value"), "{pct_change}", significant("safe_div(p.value - p.prev_value, abs(p.prev_value))"),
	)
	for _, statement := range []string{fmt.Sprintf(createSides, literalDate(run.Today)), createShown, createPairs, createNoise()} {
		if err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("compare values: %w", err)
		}
	}
	if err := tx.Exec(ctx, replaceComputed("kpi.change")); err != nil {
		return err
	}
	return tx.Exec(ctx, columns.Replace(insertChange), run.ComputedAt.UTC())
}

// createSides says of the KPIs whose people were not always seen alike whether a
// period lies before that changed (0), after (1) or on both sides (null).
const createSides = `create or replace temp table seen_side as
select
    w.kpi_id, w.grain, w.period_start, w.maturity_days,
    case when w.mature_on <= s.since_on or %s <= s.since_on then 0 when w.window_start >= s.since_on then 1 end as side
from kpi_window as w
inner join kpi_witness as s on s.kpi_id = w.kpi_id`

// createShown are the values that can be compared: those that are published
// whole, and those to date, which are not. A period to date belongs to a slice
// of its own.
const createShown = `create or replace temp table shown as
with
values_shown as (
    select s.slice_no, v.period_start, v.value, v.ci_low, v.ci_high, v.definition_version as version, v.is_partial
    from kpi.value as v
    inner join kpi_slice as s
        on s.kpi_id = v.kpi_id and s.grain = v.grain and s.segment_type = v.segment_type and s.segment_value = v.segment_value
    where v.status = 'ok' and v.value is not null and not v.is_partial
    union all
    select c.slice_no, c.period_start, c.value, c.ci_low, c.ci_high, s.version, c.is_partial
    from completed as c
    inner join kpi_slice as s on s.slice_no = c.slice_no and s.is_to_date
    left join hidden_cell as h on h.slice_no = c.slice_no and h.period_start = c.period_start
    where h.slice_no is null and c.status = 'ok' and c.value is not null
)

select
    v.slice_no, s.compared_no, v.period_start, v.value, v.ci_low, v.ci_high,
    2 * v.version + coalesce(d.side, 0) as version,
    v.is_partial, s.is_to_date, p.prev_period_start, p.prior_year_start
from values_shown as v
inner join kpi_slice as s on s.slice_no = v.slice_no
inner join ref.period as p on p.grain = s.calendar_grain and p.period_start = v.period_start
left join seen_side as d
    on d.kpi_id = s.kpi_id and d.grain = s.calendar_grain and d.period_start = v.period_start and d.maturity_days = s.maturity_days
where d.kpi_id is null or d.side is not null`

// createPairs puts every shown value beside the earlier ones. The median of
// four is the mean of the two in the middle.
const createPairs = `create or replace temp table compared as
with
four as (
    select
        s.slice_no, s.period_start, s.value,
        count(*) over w as found,
        safe_div(sum(s.value) over w - min(s.value) over w - max(s.value) over w, 2) as middle
    from shown as s
    where not s.is_to_date
    window w as (
        partition by s.slice_no, s.version order by s.period_start nulls last
        rows between 4 preceding and 1 preceding
    )
)

select
    c.compared_no as slice_no, c.period_start, 'prior_period' as compare_to,
    c.value, b.value as prev_value, c.is_to_date, c.ci_low, c.ci_high, b.ci_low as prev_ci_low, b.ci_high as prev_ci_high
from shown as c
inner join shown as b
    on b.slice_no = c.slice_no and b.period_start = c.prev_period_start and b.version = c.version
where c.is_partial or not c.is_to_date
union all
select
    c.compared_no as slice_no, c.period_start, 'prior_year' as compare_to,
    c.value, b.value as prev_value, c.is_to_date, c.ci_low, c.ci_high, b.ci_low as prev_ci_low, b.ci_high as prev_ci_high
from shown as c
inner join shown as b
    on b.slice_no = c.slice_no and b.period_start = c.prior_year_start and b.version = c.version
where c.is_partial or not c.is_to_date
union all
select
    f.slice_no, f.period_start, 'baseline' as compare_to,
    f.value, f.middle as prev_value, false as is_to_date,
    cast(null as double) as ci_low, cast(null as double) as ci_high,
    cast(null as double) as prev_ci_low, cast(null as double) as prev_ci_high
from four as f
where f.found = 4`

// lastChanges are so many earlier changes by which a change is judged.
const lastChanges = 12

// createNoise is how far a value usually moves: the median absolute deviation
// of its last twelve changes of the same comparison. Shares and NPS have
// intervals and do not need it, but for the baseline. The twelve stand side by
// side in one row, where a median is what has the two middle ranks: joining
// every change with the twelve before it and grouping takes ten times as long.
func createNoise() string {
	var earlier, deviations []string
	for i := 1; i <= lastChanges; i++ {
		earlier = append(earlier, fmt.Sprintf("lag(c.change, %[1]d) over w as v%[1]d", i))
		deviations = append(deviations, fmt.Sprintf("abs(m.v%[1]d - m.middle) as v%[1]d", i))
	}
	return strings.NewReplacer("{earlier}", strings.Join(earlier, ", "), "{deviations}", strings.Join(deviations, ", "),
		"{middle}", middleOf("e"), "{deviation}", middleOf("d"), "{last}", fmt.Sprintf("e.v%d", lastChanges)).Replace(noise)
}

// middleOf is the median of v1, v2, … of a row: the mean of the two whose rank,
// the number of values below them and of equal ones before them, is in the
// middle.
func middleOf(row string) string {
	var terms []string
	for i := 1; i <= lastChanges; i++ {
		var below []string
		for j := 1; j <= lastChanges; j++ {
			if i != j {
				below = append(below, fmt.Sprintf("cast(%[1]s.v%[2]d %[4]s %[1]s.v%[3]d as integer)", row, j, i, map[bool]string{true: "<=", false: "<"}[j < i]))
			}
		}
		terms = append(terms, fmt.Sprintf("case when %s in (%d, %d) then %s.v%d else 0 end", strings.Join(below, " + "), lastChanges/2-1, lastChanges/2, row, i))
	}
	return "safe_div(" + strings.Join(terms, " + ") + ", 2)"
}

const noise = `create or replace temp table noise as
with
changes as (
    select p.slice_no, p.compare_to, p.period_start, p.is_to_date, p.value - p.prev_value as change
    from compared as p
    inner join kpi_slice as s on s.slice_no = p.slice_no
    where p.compare_to = 'baseline' or s.measure not in ('ratio', 'distinct_ratio', 'nps') or p.ci_low is null
),

earlier as (
    select c.slice_no, c.compare_to, c.period_start, {earlier}
    from changes as c
    window w as (
        partition by c.slice_no, c.compare_to
        order by c.is_to_date nulls last, c.period_start nulls last
    )
),

middles as (
    select e.*, {middle} as middle
    from earlier as e
    where {last} is not null
),

deviations as (
    select m.slice_no, m.compare_to, m.period_start, {deviations}
    from middles as m
)

select d.slice_no, d.compare_to, d.period_start, {deviation} as deviation
from deviations as d`

// insertChange works out size, direction and significance. A share has moved
// when the interval of Newcombe (1998, method 10) around the difference, made of
// both Wilson intervals, excludes 0; NPS when it moved by more than both
// standard errors allow; anything else when it moved by more than twice its
// usual deviation, which is unknown before twelve changes.
const insertChange = `insert into kpi.change
with
tested as (
    select
        p.*,
        s.series_no, s.kpi_id, s.calendar_grain as grain, s.segment_type, s.segment_value, s.measure, s.direction,
        p.value - p.prev_value as difference,
        sqrt((p.value - p.ci_low) * (p.value - p.ci_low)
            + (p.prev_ci_high - p.prev_value) * (p.prev_ci_high - p.prev_value)) as below,
        sqrt((p.ci_high - p.value) * (p.ci_high - p.value)
            + (p.prev_value - p.prev_ci_low) * (p.prev_value - p.prev_ci_low)) as above,
        n.deviation
    from compared as p
    inner join kpi_slice as s on s.slice_no = p.slice_no
    left join noise as n
        on n.slice_no = p.slice_no and n.compare_to = p.compare_to and n.period_start = p.period_start
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
    end as is_significant,
    cast(? as timestamp) as computed_at
from tested as p
order by p.series_no nulls last, p.period_start nulls last, p.slice_no nulls last, p.compare_to nulls last`

const changeTable = `kpi_id varchar, grain varchar, period_start date, segment_type varchar, segment_value varchar,
    compare_to varchar, value double, prev_value double, abs_change double, pct_change double, improvement double,
    is_like_for_like boolean, is_significant boolean, computed_at timestamp`
