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
	statements := []string{createShown, createPairs, createNoise(), columns.Replace(createChange)}
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
        v.kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value, v.numerator, v.denominator, v.value,
        v.ci_low, v.ci_high, v.definition_version as version, false as is_to_date, v.is_partial
    from kpi.value as v
    inner join kpi_rule as r on r.kpi_id = v.kpi_id
    where v.status = 'ok' and v.value is not null
    union all
    select
        c.kpi_id, c.grain, c.period_start, c.segment_type, c.segment_value, c.numerator, c.denominator, c.value,
        c.ci_low, c.ci_high, c.version, c.is_to_date, c.is_partial
    from completed as c
    left join hidden_cell as h
        on h.kpi_id = c.kpi_id and h.grain = c.grain and h.period_start = c.period_start
        and h.segment_type = c.segment_type and h.segment_value = c.segment_value
    where h.kpi_id is null and c.status = 'ok' and c.value is not null and c.is_to_date
)

select
    v.*,
    p.grain as calendar_grain,
    p.prev_period_start,
    p.prior_year_start
from values_shown as v
left join to_date_grain as t on t.to_date = v.grain
inner join ref.period as p on p.grain = coalesce(t.grain, v.grain) and p.period_start = v.period_start
where v.is_to_date or not v.is_partial`

// createPairs puts every shown value beside the earlier ones. The median of
// four is the mean of the two in the middle.
const createPairs = `create or replace temp table compared as
with
four as (
    select
        s.*,
        count(*) over w as found,
        safe_div(sum(s.value) over w - min(s.value) over w - max(s.value) over w, 2) as middle
    from shown as s
    where not s.is_to_date
    window w as (
        partition by s.kpi_id, s.grain, s.segment_type, s.segment_value order by s.period_start nulls last
        rows between 4 preceding and 1 preceding
    )
)

select
    c.kpi_id, c.calendar_grain as grain, c.period_start, c.segment_type, c.segment_value, 'prior_period' as compare_to,
    c.value, b.value as prev_value, c.is_to_date, c.ci_low, c.ci_high, b.ci_low as prev_ci_low, b.ci_high as prev_ci_high
from shown as c
inner join shown as b
    on b.kpi_id = c.kpi_id and b.grain = c.grain and b.period_start = c.prev_period_start
    and b.segment_type = c.segment_type and b.segment_value = c.segment_value and b.version = c.version
where c.is_partial or not c.is_to_date
union all
select
    c.kpi_id, c.calendar_grain as grain, c.period_start, c.segment_type, c.segment_value, 'prior_year' as compare_to,
    c.value, b.value as prev_value, c.is_to_date, c.ci_low, c.ci_high, b.ci_low as prev_ci_low, b.ci_high as prev_ci_high
from shown as c
inner join shown as b
    on b.kpi_id = c.kpi_id and b.grain = c.grain and b.period_start = c.prior_year_start
    and b.segment_type = c.segment_type and b.segment_value = c.segment_value and b.version = c.version
where c.is_partial or not c.is_to_date
union all
select
    f.kpi_id, f.grain, f.period_start, f.segment_type, f.segment_value, 'baseline' as compare_to,
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
    select
        p.kpi_id, p.grain, p.segment_type, p.segment_value, p.compare_to, p.period_start, p.is_to_date,
        p.value - p.prev_value as change
    from compared as p
    inner join kpi_rule as h on h.kpi_id = p.kpi_id
    where p.compare_to = 'baseline' or h.measure not in ('ratio', 'distinct_ratio', 'nps') or p.ci_low is null
),

earlier as (
    select c.kpi_id, c.grain, c.segment_type, c.segment_value, c.compare_to, c.period_start, {earlier}
    from changes as c
    window w as (
        partition by c.kpi_id, c.grain, c.segment_type, c.segment_value, c.compare_to
        order by c.is_to_date nulls last, c.period_start nulls last
    )
),

middles as (
    select e.*, {middle} as middle
    from earlier as e
    where {last} is not null
),

deviations as (
    select m.kpi_id, m.grain, m.segment_type, m.segment_value, m.compare_to, m.period_start, {deviations}
    from middles as m
)

select
    d.kpi_id, d.grain, d.segment_type, d.segment_value, d.compare_to, d.period_start,
    {deviation} as deviation
from deviations as d`

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
