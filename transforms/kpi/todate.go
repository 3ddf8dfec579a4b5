package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// toDate is the grain of cells that hold the first days of a period only: those
// of the period that is going on, and as many of the one before and of the one
// a year before. They are compared and never published.
func toDate(grain string) string { return grain + "_to_date" }

// toDateCalendar is ref.calendar cut down to those days: a day has the start of
// a period only where it is one of its first.
const toDateCalendar = "to_date_calendar"

// computeToDate leaves the cells of periods to date in temporary tables that
// Finish compares: to_date_cell and to_date_period. It uses tables that groups
// compute in, and goes before them. What has such cells is a KPI all of whose
// atoms are events: of any measure, in its whole, in the slices by its own
// columns and in those that a person never leaves. A KPI that reads states at a
// period's end or finished periods has none: what it says of a period's first
// days is no smaller form of the period. Neither have the slices by engagement
// level, which is that of the whole period, and those by a split's value, which
// mature later.
func computeToDate(ctx context.Context, tx Execer, run Run, configured []Finished) error {
	for _, create := range []string{createCells, createFolded, "create or replace " + toDatePeriods, "create or replace temp table to_date_cell as\nselect c.* from cell as c where false"} {
		if err := tx.Exec(ctx, create); err != nil {
			return err
		}
	}
	ranges, readings, err := readToDate(ctx, tx, run, configured)
	if err != nil {
		return err
	}
	for _, days := range ranges {
		if err := days.compute(ctx, tx, run, readings[days]); err != nil {
			return fmt.Errorf("periods to date: %w", err)
		}
	}
	return drop(ctx, tx, "cell", "folded", "atom", "stated", "amounts", "piece", "kpi_days", toDateCalendar)
}

// A dayRange is what of a KPI's time can be compared: covered and mature days,
// the last exclusive.
type dayRange struct{ from, until string }

// readToDate reads the KPIs that have periods to date, by their days.
func readToDate(ctx context.Context, tx Execer, run Run, configured []Finished) (ranges []dayRange, readings map[dayRange][]*reading, err error) {
	readings = map[dayRange][]*reading{}
	for _, f := range configured {
		covered := Days(f.Covered, run.Zone, true)
		if f.ReadsCells() || len(covered) == 0 {
			continue
		}
		r, err := f.readToDate(ctx, tx)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", f.File, err)
		}
		if r == nil {
			continue
		}
		last := covered[len(covered)-1]
		days := dayRange{dateOf(last.From), dateOf(last.Until.AddDate(0, 0, -f.MaturityDays))}
		if readings[days] == nil {
			ranges = append(ranges, days)
		}
		readings[days] = append(readings[days], r)
	}
	return ranges, readings, nil
}

// readToDate is the KPI by its calendar grains, without the slices that cannot
// be said to date; nil where none of it can.
func (f *Finished) readToDate(ctx context.Context, tx Execer) (*reading, error) {
	d := *f.Definition
	d.Grains = slices.DeleteFunc(slices.Clone(f.Grains), func(grain string) bool { return grain == "day" || !f.isCalendar(grain) })
	d.Windows = nil
	if len(d.Grains) == 0 {
		return nil, nil
	}
	r, err := read(ctx, tx, &d)
	if err != nil || !r.has("happened_on") || r.has("from_on") || r.has("period_start") {
		return nil, err
	}
	r.traits = slices.DeleteFunc(r.traits, func(t trait) bool { return t.state })
	return r, nil
}

// compute adds the cells of KPIs that are complete on the same days.
func (days dayRange) compute(ctx context.Context, tx Execer, run Run, readings []*reading) error {
	for _, query := range []string{fmt.Sprintf(createToDateDays, literalDate(days.from), literalDate(days.until)), createToDateCalendar} {
		if err := tx.Exec(ctx, query); err != nil {
			return err
		}
	}
	for _, r := range readings {
		for _, grain := range r.d.Grains {
			if err := tx.Exec(ctx, "insert into to_date_period\nselect distinct ? as kpi_id, t.grain, t.period_start from to_date_day as t where t.grain = ?", r.d.ID, grain); err != nil {
				return err
			}
		}
	}
	if err := tx.Exec(ctx, createToDatePerDay); err != nil {
		return err
	}
	for _, readings := range together(readings) {
		g, err := newGroup(tx, run.Today, readings)
		if err == nil {
			g.onlyToDate()
			err = g.compute(ctx)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", filesOf(readings), err)
		}
	}
	for _, r := range readings {
		if err := tx.Exec(ctx, takeToDateCells, r.d.ID, r.d.Split); err != nil {
			return err
		}
	}
	return tx.Exec(ctx, "drop table temp.to_date_day")
}

// onlyToDate places events in periods by their first days alone.
func (g *group) onlyToDate() {
	g.calendar = toDateCalendar
	condition := fmt.Sprintf("%s in (select t.date_day from %s as t)", g.head().exprs["happened_on"], toDateCalendar)
	if g.where != "" {
		condition += " and (" + g.where + ")"
	}
	g.where = condition
}

// toDatePeriods names the periods that a KPI has cells to date of.
const toDatePeriods = "temp table to_date_period (kpi_id varchar, grain varchar, period_start date)"

// createToDateDays holds the days of the three periods of each grain: those of
// the period that is going on before a day, and as many of the earlier ones, as
// far as these are covered too.
const createToDateDays = `create or replace temp table to_date_day as
with
current_periods as (
    select p.grain, p.period_start, p.prev_period_start, p.prior_year_start, days_between(p.period_start, %[2]s) as elapsed
    from ref.period as p
    where p.grain <> 'day' and p.period_start < %[2]s and p.period_end > %[2]s
),

starts as (
    select c.grain, c.period_start, c.elapsed from current_periods as c
    union
    select c.grain, c.prev_period_start as period_start, c.elapsed from current_periods as c
    union
    select c.grain, c.prior_year_start as period_start, c.elapsed from current_periods as c
)

select s.grain, s.period_start, d.date_day
from starts as s
inner join ref.period as p on p.grain = s.grain and p.period_start = s.period_start
inner join ref.calendar as d
    on d.date_day >= s.period_start and d.date_day < add_days(s.period_start, s.elapsed) and d.date_day < p.period_end
where s.period_start >= %[1]s`

const createToDateCalendar = `create or replace temp table ` + toDateCalendar + ` as
select
    t.date_day,
    max(case when t.grain = 'week' then t.period_start end) as week_start,
    max(case when t.grain = 'month' then t.period_start end) as month_start,
    max(case when t.grain = 'quarter' then t.period_start end) as quarter_start,
    max(case when t.grain = 'year' then t.period_start end) as year_start
from to_date_day as t
group by t.date_day`

// createToDatePerDay counts the days by which values per day are divided.
const createToDatePerDay = `create or replace temp table kpi_days as
select p.kpi_id, p.grain, p.period_start, cast(count(*) as bigint) as days
from to_date_period as p
inner join to_date_day as t on t.grain = p.grain and t.period_start = p.period_start
group by p.kpi_id, p.grain, p.period_start`

const takeToDateCells = `insert into to_date_cell
select
    c.kpi_id, c.grain || '_to_date' as grain, c.period_start, c.segment_type, c.segment_value,
    c.numerator, c.denominator, c.value, c.n, c.ci_low, c.ci_high, c.low, c.high
from cell as c
where c.kpi_id = ? and c.segment_type <> ?`

// fillToDate gives a slice that has a value for the whole of an earlier or the
// present period, and nothing in its first days, a count of 0 there.
const fillToDate = `insert into to_date_cell
with
known as (
    select c.kpi_id, c.grain, c.period_start, c.segment_type, c.segment_value from cell as c
    union
    select v.kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value
    from kpi.value as v
    inner join kpi_since as s on s.kpi_id = v.kpi_id and v.period_start < s.since
),

sliced as (
    select distinct t.kpi_id, t.segment_type from to_date_cell as t
    union
    select distinct p.kpi_id, 'all' as segment_type from to_date_period as p
)

select
    k.kpi_id, k.grain || '_to_date' as grain, k.period_start, k.segment_type, k.segment_value,
    0 as numerator, cast(null as double) as denominator, 0 as value, 0 as n,
    cast(null as double) as ci_low, cast(null as double) as ci_high,
    cast(null as double) as low, cast(null as double) as high
from known as k
inner join to_date_period as p on p.kpi_id = k.kpi_id and p.grain = k.grain and p.period_start = k.period_start
inner join sliced as s on s.kpi_id = k.kpi_id and s.segment_type = k.segment_type
inner join kpi_rule as r on r.kpi_id = k.kpi_id and r.measure in ('count', 'distinct', 'sum')
where not exists (
    select 1
    from to_date_cell as t
    where t.kpi_id = k.kpi_id and t.grain = k.grain || '_to_date' and t.period_start = k.period_start
        and t.segment_type = k.segment_type and t.segment_value = k.segment_value
)`

// addToDate adds the cells of periods to date to all others.
func addToDate(ctx context.Context, tx Execer) error {
	for _, statement := range []string{
		"create temp table if not exists to_date_cell as\nselect c.* from cell as c where false",
		"create " + strings.Replace(toDatePeriods, "table", "table if not exists", 1),
		fillToDate,
		"insert into cell select * from to_date_cell",
	} {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
