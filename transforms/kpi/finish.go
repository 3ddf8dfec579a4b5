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

// Finish turns the cells of all KPIs into kpi.value: empty periods inside
// coverage are filled, windows that average smaller periods are made,
// completeness and status are set, and small cells are suppressed, last and
// once.
func Finish(ctx context.Context, tx Execer, run Run, finished []Finished) error {
	for _, step := range []func() error{
		func() error { return loadHeaders(ctx, tx, run.Zone, finished) },
		func() error { return tx.Exec(ctx, fmt.Sprintf(fill, run.Today)) },
		func() error { return averages(ctx, tx, finished) },
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
	for _, table := range []string{"cell", "kpi_read", "atom", "collapsed", "collapsed_people", "share", "kpi_header", "kpi_grain", "kpi_covered", "filled", "completed"} {
		if err := tx.Exec(ctx, "drop table if exists temp."+table); err != nil {
			return err
		}
	}
	return nil
}

// loadHeaders puts what the finishing selects need of each header into
// temporary tables.
func loadHeaders(ctx context.Context, tx Execer, zone *time.Location, finished []Finished) error {
	for _, create := range []string{
		`create or replace temp table kpi_header (kpi_id varchar, measure varchar, is_filled boolean,
    maturity_days integer, restate_days integer, min_n integer, privacy_k integer, version integer, sql_hash varchar)`,
		`create or replace temp table kpi_grain (kpi_id varchar, grain varchar, kind varchar, roll_days integer)`,
		`create or replace temp table kpi_covered (kpi_id varchar, from_on date, until_on date, is_whole boolean)`,
	} {
		if err := tx.Exec(ctx, create); err != nil {
			return err
		}
	}
	for _, f := range finished {
		if err := tx.Exec(ctx, "insert into kpi_header values (?, ?, ?, ?, ?, ?, ?, ?, ?)", f.ID, f.Measure, f.isFilled(),
			f.MaturityDays, f.RestateDays, f.MinN, f.PrivacyK, f.Version, f.Hash); err != nil {
			return err
		}
		for _, grain := range f.Grains {
			kind, rollDays, _ := f.window(grain)
			if err := tx.Exec(ctx, "insert into kpi_grain values (?, ?, ?, ?)", f.ID, grain, kind, rollDays); err != nil {
				return err
			}
		}
		if err := loadCoverage(ctx, tx, zone, f); err != nil {
			return err
		}
	}
	return nil
}

// loadCoverage adds each covered range twice: as the local days that lie whole
// inside it, which make a period complete, and as all days that it touches,
// in which an empty period counts 0.
func loadCoverage(ctx context.Context, tx Execer, zone *time.Location, f Finished) error {
	for _, isWhole := range []bool{true, false} {
		for _, c := range Days(f.Covered, zone, isWhole) {
			err := tx.Exec(ctx, "insert into kpi_covered values (?, cast(? as date), cast(? as date), ?)",
				f.ID, dateOf(c.From), dateOf(c.Until), isWhole)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// dateOf is a date that DuckDB reads back, also for the beginning of time.
func dateOf(t time.Time) string {
	if t.Year() < 1 { // the zero time, west of Greenwich
		return "0001-01-01"
	}
	return t.Format(time.DateOnly)
}

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
    k.ci_high
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
			kind, _, of := f.window(grain)
			if kind != "mean" {
				continue
			}
			query := fmt.Sprintf(`insert into filled
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
from filled as f
inner join parents as p on p.part_start = f.period_start
where f.kpi_id = '%[4]s' and f.grain = '%[5]s'
group by f.kpi_id, p.period_start, f.segment_type, f.segment_value`, periodColumn(of), periodColumn(grain), grain, f.ID, of)
			if err := tx.Exec(ctx, query); err != nil {
				return err
			}
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
        case when g.kind = 'roll' then add_days(p.period_end, -g.roll_days) else p.period_start end as window_start,
        h.measure,
        h.maturity_days,
        h.restate_days,
        h.min_n,
        h.privacy_k,
        h.version,
        h.sql_hash
    from filled as f
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
