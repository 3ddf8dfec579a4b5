package kpi

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// A Finished KPI is one that was computed, with the days its sources cover.
type Finished struct {
	*Definition
	Hash    string
	Covered []Interval // event time complete in every source that feeds it
}

// Run says when and for which build values are finished.
type Run struct {
	BuildID    string
	ComputedAt time.Time
	Today      string // local date
	Zone       *time.Location
}

// Finish turns the cells of all KPIs, which Compute left in the temporary
// table cell, into kpi.value: completeness and status are set, and small cells
// are suppressed, last and once.
func Finish(ctx context.Context, tx Execer, run Run) error {
	for _, step := range []func() error{
		func() error { return tx.Exec(ctx, fmt.Sprintf(complete(), run.Today)) },
		func() error { return tx.Exec(ctx, createValue) },
		func() error {
			return tx.Exec(ctx, suppress, run.ComputedAt.UTC(), run.BuildID)
		},
		func() error { return tx.Exec(ctx, createLatest) },
		func() error { return dropTemporary(ctx, tx) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("finish KPI values: %w", err)
		}
	}
	return nil
}

func dropTemporary(ctx context.Context, tx Execer) error {
	for _, table := range []string{"cell", "kpi_read", "atom", "collapsed", "collapsed_people", "share", "kpi_header", "kpi_grain", "kpi_covered", "completed"} {
		if err := tx.Exec(ctx, "drop table if exists temp."+table); err != nil {
			return err
		}
	}
	return nil
}

// complete adds period end, completeness and status. A period is partial until
// its window lies inside coverage and its maturity is reached, and final when
// the restatement horizon has passed as well. Doubles are rounded to twelve
// significant digits: their last ones depend on the order of addition.
func complete() string {
	return strings.NewReplacer(
		"{numerator}", significant("f.numerator"), "{denominator}", significant("f.denominator"),
		"{value}", significant("f.value"), "{low}", significant("f.ci_low"), "{high}", significant("f.ci_high"),
	).Replace(completed)
}

const completed = `create or replace temp table completed as
with
periods as (
    select
        f.*,
        p.period_end,
        case
            when g.roll_months > 0 then cast(p.period_end - g.roll_months * interval '1' month as date)
            when g.kind = 'roll' then add_days(p.period_end, -g.roll_days)
            else p.period_start
        end as window_start,
        h.measure,
        h.maturity_days,
        h.restate_days,
        h.min_n,
        h.privacy_k,
        h.version,
        h.sql_hash
    from cell as f
    inner join kpi_header as h on h.kpi_id = f.kpi_id
    inner join kpi_grain as g on g.kpi_id = f.kpi_id and g.grain = f.grain
    inner join ref.period as p on p.grain = f.grain and p.period_start = f.period_start
),

covered as (
    select distinct x.kpi_id, x.grain, x.period_start
    from periods as x
    inner join kpi_covered as c
        on c.kpi_id = x.kpi_id and c.is_whole and c.from_on <= x.window_start and c.until_on >= x.period_end
)

select
    f.kpi_id, f.grain, f.period_start, f.period_end, f.segment_type, f.segment_value,
    {numerator} as numerator, {denominator} as denominator, {value} as value, f.n,
    {low} as ci_low, {high} as ci_high,
    c.kpi_id is null or add_days(f.period_end, f.maturity_days) > cast('%[1]s' as date) as is_partial,
    c.kpi_id is not null
        and add_days(f.period_end, f.maturity_days + f.restate_days) <= cast('%[1]s' as date) as is_final,
    case
        when f.measure in ('ratio', 'mean', 'median') and coalesce(f.denominator, 0) = 0 then 'zero_denominator'
        when f.min_n > 0 and coalesce(case when f.measure = 'median' then f.n else f.denominator end, 0) < f.min_n
            then 'low_n'
        else 'ok'
    end as status,
    f.privacy_k, f.version, f.sql_hash
from periods as f
left join covered as c on c.kpi_id = f.kpi_id and c.grain = f.grain and c.period_start = f.period_start`

func significant(column string) string {
	return fmt.Sprintf(`case when %[1]s is null or %[1]s = 0 or abs(%[1]s) = cast('infinity' as double) then %[1]s
        else round(%[1]s, 11 - cast(floor(log10(abs(%[1]s))) as integer)) end`, column)
}
