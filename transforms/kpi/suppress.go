package kpi

import (
	"context"
	"fmt"
)

// suppressWhole is the threshold from which the whole is hidden like any
// slice: that of surveys and sentiment, whose answers are people's opinions.
const suppressWhole = 10

// suppress decides which cells nobody may see, once and over everything:
//
//   - a cell of fewer people than the threshold, the whole exempt unless the
//     KPI's threshold is that of surveys; a cell without people (n is null) is
//     no cell of people;
//   - where exactly one cell of a KPI, grain, period and segment type is hidden,
//     the next smallest with anybody in it, ties by the slice's name: the whole
//     less the others would give the one away;
//   - where parts add up over time (months of a quarter, or the mean of them)
//     and exactly one of the period and its parts is hidden, the period, or the
//     smallest of the parts that can be seen, ties by the earlier.
//
// Each hidden cell may make another the only one, so the last two rules repeat
// until they find nothing.
func suppress(ctx context.Context, tx Execer) error {
	for _, statement := range []string{createHidden, fmt.Sprintf(hideSmall, suppressWhole), createPeriodParts} {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	for round := 1; ; round++ {
		found, err := tx.Text(ctx, fmt.Sprintf("select cast(count(*) as varchar) from hidden_cell where found_in = %d", round-1))
		if err != nil || found == "0" {
			return err
		}
		for _, statement := range []string{hideComplement, hideInTime} {
			if err := tx.Exec(ctx, fmt.Sprintf(statement, round)); err != nil {
				return err
			}
		}
	}
}

const createHidden = `create or replace temp table hidden_cell (kpi_id varchar, grain varchar, period_start date,
    segment_type varchar, segment_value varchar, found_in integer)`

const hideSmall = `insert into hidden_cell
select c.kpi_id, c.grain, c.period_start, c.segment_type, c.segment_value, 0 as found_in
from completed as c
where c.n > 0 and c.n < c.privacy_k and (c.segment_type <> 'all' or c.privacy_k >= %d)`

// hideComplement looks at the sets in which the last round hid something.
const hideComplement = `insert into hidden_cell
with
touched as (
    select distinct h.kpi_id, h.grain, h.period_start, h.segment_type
    from hidden_cell as h
    where h.found_in = %[1]d - 1
),

cells as (
    select
        c.kpi_id, c.grain, c.period_start, c.segment_type, c.segment_value, c.n,
        h.kpi_id is not null as is_hidden
    from completed as c
    inner join touched as t
        on t.kpi_id = c.kpi_id and t.grain = c.grain and t.period_start = c.period_start
        and t.segment_type = c.segment_type
    left join hidden_cell as h
        on h.kpi_id = c.kpi_id and h.grain = c.grain and h.period_start = c.period_start
        and h.segment_type = c.segment_type and h.segment_value = c.segment_value
    where c.n > 0
),

placed as (
    select
        c.*,
        count(*) filter (where c.is_hidden) over (
            partition by c.kpi_id, c.grain, c.period_start, c.segment_type
        ) as hidden_cells,
        row_number() over (
            partition by c.kpi_id, c.grain, c.period_start, c.segment_type, c.is_hidden
            order by c.n nulls last, c.segment_value nulls last
        ) as place
    from cells as c
)

select p.kpi_id, p.grain, p.period_start, p.segment_type, p.segment_value, %[1]d as found_in
from placed as p
where p.hidden_cells = 1 and not p.is_hidden and p.place = 1`

// createPeriodParts says which periods lie in which.
const createPeriodParts = `create or replace temp table period_part as
with
days as (
    select c.date_day, c.week_start, c.month_start, c.quarter_start, c.year_start
    from ref.calendar as c
)

select 'day' as part_grain, d.date_day as part_start, 'week' as grain, d.week_start as period_start from days as d
union all
select 'day' as part_grain, d.date_day as part_start, 'month' as grain, d.month_start as period_start from days as d
union all
select 'day' as part_grain, d.date_day as part_start, 'quarter' as grain, d.quarter_start as period_start from days as d
union all
select 'day' as part_grain, d.date_day as part_start, 'year' as grain, d.year_start as period_start from days as d
union all
select distinct 'month' as part_grain, d.month_start as part_start, 'quarter' as grain, d.quarter_start as period_start from days as d
union all
select distinct 'month' as part_grain, d.month_start as part_start, 'year' as grain, d.year_start as period_start from days as d
union all
select distinct 'quarter' as part_grain, d.quarter_start as part_start, 'year' as grain, d.year_start as period_start from days as d`

// hideInTime looks at the periods of which the last round hid a part, and at
// the parts of periods that it hid.
const hideInTime = `insert into hidden_cell
with
touched as (
    select g.kpi_id, g.grain, g.part_grain, p.period_start, h.segment_type, h.segment_value
    from hidden_cell as h
    inner join kpi_part as g on g.kpi_id = h.kpi_id and g.part_grain = h.grain
    inner join period_part as p
        on p.part_grain = h.grain and p.grain = g.grain and p.part_start = h.period_start
    where h.found_in = %[1]d - 1
    union
    select g.kpi_id, g.grain, g.part_grain, h.period_start, h.segment_type, h.segment_value
    from hidden_cell as h
    inner join kpi_part as g on g.kpi_id = h.kpi_id and g.grain = h.grain
    where h.found_in = %[1]d - 1
),

members as (
    select t.*, t.grain as cell_grain, t.period_start as cell_start, 0 as depth
    from touched as t
    union all
    select t.*, t.part_grain as cell_grain, p.part_start as cell_start, 1 as depth
    from touched as t
    inner join period_part as p
        on p.grain = t.grain and p.part_grain = t.part_grain and p.period_start = t.period_start
),

cells as (
    select m.*, c.n, h.kpi_id is not null as is_hidden
    from members as m
    inner join completed as c
        on c.kpi_id = m.kpi_id and c.grain = m.cell_grain and c.period_start = m.cell_start
        and c.segment_type = m.segment_type and c.segment_value = m.segment_value
    left join hidden_cell as h
        on h.kpi_id = m.kpi_id and h.grain = m.cell_grain and h.period_start = m.cell_start
        and h.segment_type = m.segment_type and h.segment_value = m.segment_value
    where c.n > 0
),

placed as (
    select
        c.*,
        count(*) filter (where c.is_hidden) over (
            partition by c.kpi_id, c.grain, c.part_grain, c.period_start, c.segment_type, c.segment_value
        ) as hidden_cells,
        row_number() over (
            partition by c.kpi_id, c.grain, c.part_grain, c.period_start, c.segment_type, c.segment_value, c.is_hidden
            order by c.depth nulls last, c.n nulls last, c.cell_start nulls last
        ) as place
    from cells as c
)

select distinct p.kpi_id, p.cell_grain as grain, p.cell_start as period_start, p.segment_type, p.segment_value, %[1]d as found_in
from placed as p
left join hidden_cell as h
    on h.kpi_id = p.kpi_id and h.grain = p.cell_grain and h.period_start = p.cell_start
    and h.segment_type = p.segment_type and h.segment_value = p.segment_value
where p.hidden_cells = 1 and not p.is_hidden and p.place = 1 and h.kpi_id is null`

// parts are the pairs of grains of which the larger one's cells are the sum or
// the mean of the smaller one's, so that one hidden cell among them could be
// worked out. Distinct people do not add up over time; the sums of numerator
// and denominator of everything else do.
func (d *Definition) parts() [][2]string {
	var pairs [][2]string
	for _, grain := range d.Grains {
		w := d.window(grain)
		if w.kind == "mean" {
			pairs = append(pairs, [2]string{grain, w.of})
		}
		if w.kind != "cal" || !d.addsUp() {
			continue
		}
		for _, part := range nested()[grain] {
			if d.isCalendar(part) {
				pairs = append(pairs, [2]string{grain, part})
				break
			}
		}
	}
	return pairs
}

// nested are the grains that fill a larger one, the largest first.
func nested() map[string][]string {
	return map[string][]string{
		"week": {"day"}, "month": {"day"}, "quarter": {"month", "day"}, "year": {"quarter", "month", "day"},
	}
}
