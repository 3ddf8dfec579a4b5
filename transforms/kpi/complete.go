package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// complete adds to every cell its period's end, completeness and status.
//
// A period is partial until everything it needs lies inside coverage by every
// source: its window, which a rolling one begins before the period, and its
// maturity after the period's end, in which late answers still count. It is
// final when its restatement horizon has passed as well. Doubles are rounded to
// twelve significant digits: their last ones depend on the order of addition.
func complete(ctx context.Context, tx Execer, today string) error {
	columns := strings.NewReplacer(
		"{numerator}", significant("f.numerator"), "{denominator}", significant("f.denominator"),
		"{value}", significant("f.value"), "{ci_low}", significant("f.ci_low"), "{ci_high}", significant("f.ci_high"),
		"{low}", significant("f.low"), "{high}", significant("f.high"), "{today}", literalDate(today),
	)
	for _, statement := range []string{createWindows, createSlices, columns.Replace(createCompleted)} {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func literalDate(day string) string { return "cast('" + day + "' as date)" }

// createWindows works out, for every KPI, period and maturity that it may have,
// the days that must be covered and whether they are.
const createWindows = `create or replace temp table kpi_window as
with
maturities as (
    select h.kpi_id, h.maturity_days from kpi_rule as h
    union
    select s.kpi_id, s.maturity_days from kpi_split as s
),

periods as (
    select
        g.kpi_id,
        g.grain,
        p.period_start,
        p.period_end,
        case
            when g.roll_months > 0 then cast(p.period_end - g.roll_months * interval '1' month as date)
            when g.roll_days > 0 then add_days(p.period_end, -g.roll_days)
            else p.period_start
        end as window_start,
        m.maturity_days,
        add_days(p.period_end, m.maturity_days) as mature_on
    from kpi_grain as g
    inner join maturities as m on m.kpi_id = g.kpi_id
    inner join ref.period as p on p.grain = g.grain
),

covered as (
    select distinct p.kpi_id, p.grain, p.period_start, p.maturity_days
    from periods as p
    inner join kpi_covered as c
        on c.kpi_id = p.kpi_id and c.is_whole
        and c.from_on <= p.window_start and c.until_on >= p.mature_on
)

select p.kpi_id, p.grain, p.period_start, p.period_end, p.window_start, p.maturity_days, p.mature_on, c.kpi_id is not null as is_covered
from periods as p
left join covered as c
    on c.kpi_id = p.kpi_id and c.grain = p.grain and c.period_start = p.period_start
    and c.maturity_days = p.maturity_days`

// createSlices numbers the slices of each KPI and grain, in the order in which
// they are published: what is worked out over all cells joins and sorts whole
// numbers. Cells of earlier builds have theirs too; a period to date is compared
// as one of its calendar slice.
const createSlices = `create or replace temp table kpi_slice as
with
named as (
    select distinct f.kpi_id, f.grain, f.segment_type, f.segment_value
    from cell as f
    union
    select distinct v.kpi_id, v.grain, v.segment_type, v.segment_value
    from kpi.value as v
    inner join kpi_rule as r on r.kpi_id = v.kpi_id
),

slices as (
    select
        s.kpi_id, s.grain, s.segment_type, s.segment_value,
        coalesce(t.grain, s.grain) as calendar_grain,
        t.grain is not null as is_to_date,
        cast(row_number() over (
            order by s.kpi_id nulls last, s.grain nulls last, s.segment_type nulls last, s.segment_value nulls last
        ) as integer) as slice_no
    from named as s
    left join to_date_grain as t on t.to_date = s.grain
)

select
    s.kpi_id, s.grain, s.segment_type, s.segment_value, s.calendar_grain, s.is_to_date, s.slice_no,
    min(s.slice_no) over (partition by s.kpi_id, s.calendar_grain, s.segment_type, s.segment_value) as compared_no,
    cast(dense_rank() over (
        order by s.kpi_id nulls last, s.grain nulls last, s.segment_type nulls last
    ) as integer) as type_no,
    cast(dense_rank() over (order by s.kpi_id nulls last, s.grain nulls last) as integer) as series_no,
    coalesce(p.maturity_days, h.maturity_days) as maturity_days,
    h.measure, h.unit, h.direction, h.restate_days, h.min_n, h.privacy_k, h.version, h.sql_hash, h.adds_up
from slices as s
inner join kpi_rule as h on h.kpi_id = s.kpi_id
left join kpi_split as p
    on p.kpi_id = s.kpi_id and p.segment_type = s.segment_type and p.segment_value = s.segment_value`

const createCompleted = `create or replace temp table completed as
select
    s.slice_no, s.type_no, s.series_no, f.period_start, w.period_end,
    {numerator} as numerator, {denominator} as denominator, {value} as value, f.n,
    {ci_low} as ci_low, {ci_high} as ci_high, {low} as low, {high} as high,
    not w.is_covered as is_partial,
    w.is_covered and add_days(w.mature_on, s.restate_days) <= {today} as is_final,
    add_days(w.mature_on, s.restate_days) as final_on,
    case
        when f.value is null and s.unit = 'money' and (f.denominator is null or f.denominator > 0) then 'missing_rate'
        when f.value is null and coalesce(f.denominator, 0) = 0 then 'zero_denominator'
        when s.min_n > 0
            and coalesce(case when s.measure = 'median' then f.n else f.denominator end, f.n, s.min_n) < s.min_n
            then 'low_n'
        else 'ok'
    end as status
from cell as f
inner join kpi_slice as s
    on s.kpi_id = f.kpi_id and s.grain = f.grain and s.segment_type = f.segment_type and s.segment_value = f.segment_value
inner join kpi_window as w
    on w.kpi_id = s.kpi_id and w.grain = s.calendar_grain and w.period_start = f.period_start
    and w.maturity_days = s.maturity_days`

func significant(column string) string {
	return fmt.Sprintf(`case when %[1]s is null or %[1]s = 0 or abs(%[1]s) = cast('infinity' as double) then %[1]s
        else round(%[1]s, 11 - cast(floor(log10(abs(%[1]s))) as integer)) end`, column)
}

// addsUp reports whether the published parts of the value, its numerator and
// denominator, are sums over time: those of distinct people are not, nor those
// of the latest answer per person.
func (d *Definition) addsUp() bool {
	if d.Additive == "add" {
		return true
	}
	return d.Additive == "no" && d.Once == "" && slices.Contains([]string{"count", "sum", "ratio", "mean", "median", "nps"}, d.Measure)
}

// isCalendar reports whether the grain is given and its window is the period.
func (d *Definition) isCalendar(grain string) bool {
	return slices.Contains(d.Grains, grain) && d.window(grain).kind == "cal"
}
