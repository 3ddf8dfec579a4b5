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

// ComputeToDate leaves the cells of periods to date, of the whole, in a
// temporary table that Finish compares. It goes before Compute and through it:
// the atoms of those days are period atoms. A KPI whose atoms are spans or
// periods, that is divided per day, averaged, split or taken once per person has
// none: its first days are not a smaller form of the period.
func ComputeToDate(ctx context.Context, tx Execer, run Run, configured []Finished) error {
	if err := tx.Exec(ctx, "create or replace temp table to_date_day (kpi_id varchar, grain varchar, period_start date, date_day date)"); err != nil {
		return err
	}
	var partial []Finished
	for _, f := range configured {
		d, err := f.toDate(ctx, tx)
		if err != nil {
			return fmt.Errorf("%s: %w", f.File, err)
		}
		if d == nil {
			continue
		}
		if err := f.loadToDate(ctx, tx, run, d.Grains); err != nil {
			return err
		}
		partial = append(partial, Finished{Definition: d, Hash: f.Hash, Covered: f.Covered})
	}
	if err := compute(ctx, tx, run, partial, func(...string) {}); err != nil {
		return fmt.Errorf("periods to date: %w", err)
	}
	if err := tx.Exec(ctx, createToDateCells); err != nil {
		return err
	}
	return tx.Exec(ctx, "drop table temp.to_date_day")
}

// toDate is the KPI over period atoms of the days so far; nil where it has none.
func (f *Finished) toDate(ctx context.Context, tx Execer) (*Definition, error) {
	if f.is("derived", "custom") || f.Per != "" || f.Once != "" || f.Split != "" || f.All != "" {
		return nil, nil
	}
	grains := slices.DeleteFunc(slices.Clone(f.Grains), func(grain string) bool { return grain == "day" || !f.isCalendar(grain) })
	if len(grains) == 0 || len(f.Covered) == 0 {
		return nil, nil
	}
	sql := strings.TrimRight(f.SQL, "; \n")
	columns, err := tx.Columns(ctx, sql)
	if err != nil {
		return nil, err
	}
	var kept []string
	isEvent := false
	for _, c := range columns {
		switch c.Name {
		case "happened_on":
			isEvent = true
		case "from_on", "period_start":
			return nil, nil
		case "person_id", "identity_id", "account_id", "entity_id", "numerator", "denominator", "amount":
			kept = append(kept, fmt.Sprintf("a.%[1]s as %[1]s", c.Name))
		}
	}
	if !isEvent {
		return nil, nil
	}
	d := *f.Definition
	d.Grains, d.Windows, d.Segments, d.NumeratorOnly = grains, nil, nil, nil
	d.SQL = fmt.Sprintf("select t.grain as grain, t.period_start as period_start, %s\nfrom (\n%s\n) as a\ninner join to_date_day as t on t.kpi_id = '%s' and t.date_day = a.happened_on",
		strings.Join(kept, ", "), sql, d.ID)
	return &d, nil
}

// loadToDate adds the days of the three periods, of each grain: those of the
// period that is going on which are covered and mature, and as many of the
// earlier ones, as far as these are covered too.
func (f *Finished) loadToDate(ctx context.Context, tx Execer, run Run, grains []string) error {
	days := Days(f.Covered, run.Zone, true)
	if len(days) == 0 {
		return nil
	}
	last := days[len(days)-1]
	return tx.Exec(ctx, fmt.Sprintf(insertToDateDays, f.ID, literalDate(dateOf(last.Until.AddDate(0, 0, -f.MaturityDays))),
		"'"+strings.Join(grains, "', '")+"'", literalDate(dateOf(last.From))))
}

const insertToDateDays = `insert into to_date_day
with
current_periods as (
    select p.grain, p.period_start, p.prev_period_start, p.prior_year_start, days_between(p.period_start, %[2]s) as elapsed
    from ref.period as p
    where p.grain in (%[3]s) and p.period_start < %[2]s and p.period_end > %[2]s
),

starts as (
    select c.grain, c.period_start, c.elapsed from current_periods as c
    union
    select c.grain, c.prev_period_start as period_start, c.elapsed from current_periods as c
    union
    select c.grain, c.prior_year_start as period_start, c.elapsed from current_periods as c
)

select '%[1]s' as kpi_id, s.grain, s.period_start, d.date_day
from starts as s
inner join ref.period as p on p.grain = s.grain and p.period_start = s.period_start
inner join ref.calendar as d
    on d.date_day >= s.period_start and d.date_day < add_days(s.period_start, s.elapsed) and d.date_day < p.period_end
where s.period_start >= %[4]s`

const createToDateCells = `create or replace temp table to_date_cell as
select
    c.kpi_id, c.grain || '_to_date' as grain, c.period_start, c.segment_type, c.segment_value,
    c.numerator, c.denominator, c.value, c.n, c.ci_low, c.ci_high, c.low, c.high
from cell as c
inner join (select distinct t.kpi_id, t.grain, t.period_start from to_date_day as t) as t
    on t.kpi_id = c.kpi_id and t.grain = c.grain and t.period_start = c.period_start
where c.segment_type = 'all'`
