package kpi

import (
	"context"
	"fmt"
	"strings"
)

// createDays counts the days by which values per day are divided: those of the
// period that any source covers and that are not to come.
const createDays = `create or replace temp table kpi_days as
select g.kpi_id, g.grain, r.period_start, cast(count(distinct c.date_day) as bigint) as days
from kpi_grain as g
inner join ref.period as r on r.grain = g.grain and r.period_start <= cast('%[1]s' as date)
inner join kpi_covered as v
    on v.kpi_id = g.kpi_id and not v.is_whole and v.from_on < r.period_end and v.until_on > r.period_start
inner join ref.calendar as c
    on c.date_day >= r.period_start and c.date_day < r.period_end
    and c.date_day >= v.from_on and c.date_day < v.until_on and c.date_day <= cast('%[1]s' as date)
where g.kpi_id in (%[2]s)
group by g.kpi_id, g.grain, r.period_start`

func loadDays(ctx context.Context, tx Execer, run Run, configured []Finished) error {
	ids := []string{"''"}
	for _, f := range configured {
		if f.Per != "" {
			ids = append(ids, "'"+f.ID+"'")
		}
	}
	return tx.Exec(ctx, fmt.Sprintf(createDays, run.Today, strings.Join(ids, ", ")))
}

// fill gives every slice a row for each period inside coverage from its first
// one on; the whole begins where the data begins. Counts are 0 there, shares
// and medians have nothing to divide by, and a segment of the numerator alone
// is divided by what the whole is.
const fill = intoCells + `with
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

covered as (
    select distinct g.kpi_id, g.grain, p.period_start
    from kpi_grain as g
    inner join ref.period as p on p.grain = g.grain and p.period_start <= cast('%[1]s' as date)
    inner join kpi_covered as c
        on c.kpi_id = g.kpi_id and not c.is_whole and c.from_on < p.period_end and c.until_on > p.period_start
),

empty as (
    select s.kpi_id, s.grain, s.segment_type, s.segment_value, c.period_start
    from starts as s
    inner join covered as c on c.kpi_id = s.kpi_id and c.grain = s.grain and c.period_start >= s.first_start
    where not exists (
        select 1
        from cell as k
        where k.kpi_id = s.kpi_id and k.grain = s.grain and k.period_start = c.period_start
            and k.segment_type = s.segment_type and k.segment_value = s.segment_value
    )
),

peopled as (
    select distinct k.kpi_id
    from cell as k
    where k.n is not null
),

divided as (
    select k.kpi_id, k.grain, k.period_start, k.denominator, k.n
    from cell as k
    where k.segment_type = 'all'
)

select
    e.kpi_id, e.grain, e.period_start, e.segment_type, e.segment_value,
    case when h.measure <> 'median' then 0 end as numerator,
    case
        when h.is_filled then cast(d.days as double)
        when e.kpi_id || ' ' || e.segment_type in (%[2]s) then coalesce(o.denominator, 0)
        else 0
    end as denominator,
    case
        when h.is_filled or e.kpi_id || ' ' || e.segment_type in (%[2]s) and o.denominator > 0 then 0
    end as value,
    case
        when q.kpi_id is null then null
        when e.kpi_id || ' ' || e.segment_type in (%[2]s) then coalesce(o.n, 0)
        else 0
    end as n,
    cast(null as double) as ci_low, cast(null as double) as ci_high,
    cast(null as double) as low, cast(null as double) as high
from empty as e
inner join kpi_header as h on h.kpi_id = e.kpi_id
left join peopled as q on q.kpi_id = e.kpi_id
left join kpi_days as d on d.kpi_id = e.kpi_id and d.grain = e.grain and d.period_start = e.period_start
left join divided as o on o.kpi_id = e.kpi_id and o.grain = e.grain and o.period_start = e.period_start
where h.measure not in ('derived', 'custom')`

func fillEmpty(ctx context.Context, tx Execer, run Run, configured []Finished) error {
	numeratorOnly := []string{"''"}
	for _, f := range configured {
		for _, type_ := range f.NumeratorOnly {
			numeratorOnly = append(numeratorOnly, "'"+f.ID+" "+type_+"'")
		}
	}
	return tx.Exec(ctx, fmt.Sprintf(fill, run.Today, strings.Join(numeratorOnly, ", ")))
}

// fillFinished gives the slices of a KPI that returns finished rows a row with
// nothing to divide by for each covered period that it left out: of a derived
// KPI from its first row to today, of a custom one between its first and last.
func fillFinished(ctx context.Context, tx Execer, today string, d *Definition) error {
	last := "s.last_start"
	if d.is("derived") {
		last = literalDate(today)
	}
	return tx.Exec(ctx, fmt.Sprintf(intoCells+`with
slices as (
    select
        k.grain, k.segment_type, k.segment_value,
        min(k.period_start) as first_start, max(k.period_start) as last_start, count(k.n) > 0 as is_peopled
    from cell as k
    where k.kpi_id = '%[1]s'
    group by k.grain, k.segment_type, k.segment_value
),

covered as (
    select distinct p.grain, p.period_start
    from ref.period as p
    inner join kpi_covered as c
        on c.kpi_id = '%[1]s' and not c.is_whole and c.from_on < p.period_end and c.until_on > p.period_start
)

select
    '%[1]s' as kpi_id, s.grain, p.period_start, s.segment_type, s.segment_value,
    0 as numerator, 0 as denominator, cast(null as double) as value, case when s.is_peopled then 0 end as n,
    cast(null as double) as ci_low, cast(null as double) as ci_high,
    cast(null as double) as low, cast(null as double) as high
from slices as s
inner join covered as p on p.grain = s.grain and p.period_start > s.first_start and p.period_start <= %[2]s
where not exists (
    select 1
    from cell as k
    where k.kpi_id = '%[1]s' and k.grain = s.grain and k.period_start = p.period_start
        and k.segment_type = s.segment_type and k.segment_value = s.segment_value
)`, d.ID, last))
}

// average adds the cells of windows like mean:month. Their n is the smallest
// of the months that have anybody, since the mean and the shown months
// together would give a hidden one away.
func average(ctx context.Context, tx Execer, d *Definition) error {
	for _, grain := range d.Grains {
		w := d.window(grain)
		if w.kind != "mean" {
			continue
		}
		mean := func(column string) string {
			return fmt.Sprintf("safe_div(cast(sum(cast(k.%[1]s as decimal(38, 12))) as double), count(k.%[1]s))", column)
		}
		query := fmt.Sprintf(intoCells+`with
parents as (
    select distinct c.%s as part_start, c.%s as period_start
    from ref.calendar as c
)

select k.kpi_id, '%s' as grain, p.period_start, k.segment_type, k.segment_value,
    cast(sum(cast(k.value as decimal(38, 12))) as double) as numerator, cast(count(k.value) as double) as denominator, %s as value,
    min(k.n) filter (where k.n > 0) as n,
    cast(null as double) as ci_low, cast(null as double) as ci_high, %s as low, %s as high
from cell as k
inner join parents as p on p.part_start = k.period_start
where k.kpi_id = '%s' and k.grain = '%s'
group by k.kpi_id, p.period_start, k.segment_type, k.segment_value`,
			periodColumn(w.of), periodColumn(grain), grain, mean("value"), mean("low"), mean("high"), d.ID, w.of)
		if err := tx.Exec(ctx, query); err != nil {
			return fmt.Errorf("average %s: %w", grain, err)
		}
	}
	return nil
}
