package kpi

import (
	"context"
	"fmt"
)

// OpinionK is the threshold of surveys and sentiment, whose answers are people's
// opinions. From it on the whole is hidden like any slice.
const OpinionK = 10

// suppress decides which cells nobody may see, once and over everything:
//
//   - a cell of fewer people than the threshold, the whole exempt unless the
//     KPI's threshold is that of surveys; a cell without people (n is null) is
//     no cell of people;
//   - the first days of an earlier period, where days add up and those after them
//     are of fewer people than that: they could be worked out;
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
	for _, statement := range []string{createHidden, createPeriodParts, createSliceParts} {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	round := 0
	for _, begin := range []string{hideSmall, hideRemainder} {
		if err := tx.Exec(ctx, fmt.Sprintf(begin, OpinionK, round)); err != nil {
			return err
		}
		var err error
		if round, err = hideTheOnly(ctx, tx, round); err != nil {
			return err
		}
	}
	return nil
}

// hideTheOnly repeats the rules of single hidden cells until they find nothing.
// It gives the number of the round that found none.
func hideTheOnly(ctx context.Context, tx Execer, round int) (int, error) {
	for {
		found, err := tx.Text(ctx, fmt.Sprintf("select cast(count(*) as varchar) from hidden_cell where found_in = %d", round))
		if err != nil || found == "0" {
			return round, err
		}
		round++
		for _, statement := range []string{hideComplement, hideInTime} {
			if err := tx.Exec(ctx, fmt.Sprintf(statement, round)); err != nil {
				return round, err
			}
		}
	}
}

const createHidden = `create or replace temp table hidden_cell (slice_no integer, type_no integer, period_start date, found_in integer)`

const hideSmall = `insert into hidden_cell
select c.slice_no, c.type_no, c.period_start, %[2]d as found_in
from completed as c
inner join kpi_slice as s on s.slice_no = c.slice_no
where c.n > 0 and c.n < s.privacy_k and (s.segment_type <> 'all' or s.privacy_k >= %[1]d)`

// hideRemainder takes the difference of people as those of the days after: it is
// the fewest they can be. Of a period that is hidden itself it shows no days,
// since of those that earlier builds hid nobody is counted any more. It comes
// when all other periods are hidden that have to be.
const hideRemainder = `insert into hidden_cell
with
whole as (
    select c.slice_no, c.period_start, c.numerator, c.denominator, c.n, h.slice_no is not null as is_hidden
    from completed as c
    left join hidden_cell as h on h.slice_no = c.slice_no and h.period_start = c.period_start
    union all
    select
        s.slice_no, v.period_start, v.numerator, v.denominator, v.n,
        v.status in ('suppressed', 'suppressed_complementary') as is_hidden
    from kpi.value as v
    inner join kpi_since as k on k.kpi_id = v.kpi_id and v.period_start < k.since
    inner join kpi_slice as s
        on s.kpi_id = v.kpi_id and s.grain = v.grain and s.segment_type = v.segment_type and s.segment_value = v.segment_value
)

select c.slice_no, c.type_no, c.period_start, %[2]d as found_in
from completed as c
inner join kpi_slice as s on s.slice_no = c.slice_no and s.is_to_date and s.adds_up
inner join whole as w on w.slice_no = s.compared_no and w.period_start = c.period_start
left join hidden_cell as h on h.slice_no = c.slice_no and h.period_start = c.period_start
where h.slice_no is null and not c.is_partial and c.n > 0 and (s.segment_type <> 'all' or s.privacy_k >= %[1]d)
    and (
        w.is_hidden
        or w.n - c.n < s.privacy_k
            and (w.numerator is distinct from c.numerator or w.denominator is distinct from c.denominator)
    )`

// hideComplement looks at the sets in which the last round hid the only cell.
const hideComplement = `insert into hidden_cell
with
single as (
    select h.type_no, h.period_start, max(h.slice_no) as slice_no
    from hidden_cell as h
    group by h.type_no, h.period_start
    having count(*) = 1 and max(h.found_in) = %[1]d - 1
),

placed as (
    select
        c.slice_no, c.type_no, c.period_start,
        row_number() over (
            partition by c.type_no, c.period_start order by c.n nulls last, c.slice_no nulls last
        ) as place
    from completed as c
    inner join single as s
        on s.type_no = c.type_no and s.period_start = c.period_start and s.slice_no <> c.slice_no
    where c.n > 0
)

select p.slice_no, p.type_no, p.period_start, %[1]d as found_in
from placed as p
where p.place = 1`

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

// createSliceParts says which slices of a smaller grain add up to which of a
// larger one.
const createSliceParts = `create or replace temp table slice_part as
select s.slice_no, p.slice_no as part_no, g.grain, g.part_grain
from kpi_part as g
inner join kpi_slice as s on s.kpi_id = g.kpi_id and s.grain = g.grain
inner join kpi_slice as p
    on p.kpi_id = g.kpi_id and p.grain = g.part_grain
    and p.segment_type = s.segment_type and p.segment_value = s.segment_value`

// hideInTime looks at the periods of which the last round hid a part, and at
// the parts of periods that it hid.
const hideInTime = `insert into hidden_cell
with
touched as (
    select g.slice_no, g.part_no, g.grain, g.part_grain, p.period_start
    from hidden_cell as h
    inner join slice_part as g on g.part_no = h.slice_no
    inner join period_part as p
        on p.part_grain = g.part_grain and p.grain = g.grain and p.part_start = h.period_start
    where h.found_in = %[1]d - 1
    union
    select g.slice_no, g.part_no, g.grain, g.part_grain, h.period_start
    from hidden_cell as h
    inner join slice_part as g on g.slice_no = h.slice_no
    where h.found_in = %[1]d - 1
),

members as (
    select t.slice_no, t.part_no, t.period_start, t.slice_no as cell_no, t.period_start as cell_start, 0 as depth
    from touched as t
    union all
    select t.slice_no, t.part_no, t.period_start, t.part_no as cell_no, p.part_start as cell_start, 1 as depth
    from touched as t
    inner join period_part as p
        on p.grain = t.grain and p.part_grain = t.part_grain and p.period_start = t.period_start
),

single as (
    select m.slice_no, m.part_no, m.period_start, max(m.cell_no) as cell_no, max(m.cell_start) as cell_start
    from members as m
    inner join hidden_cell as h on h.slice_no = m.cell_no and h.period_start = m.cell_start
    group by m.slice_no, m.part_no, m.period_start
    having count(*) = 1
),

placed as (
    select
        c.slice_no, c.type_no, c.period_start,
        row_number() over (
            partition by m.slice_no, m.part_no, m.period_start
            order by m.depth nulls last, c.n nulls last, c.period_start nulls last
        ) as place
    from members as m
    inner join single as s
        on s.slice_no = m.slice_no and s.part_no = m.part_no and s.period_start = m.period_start
        and (s.cell_no <> m.cell_no or s.cell_start <> m.cell_start)
    inner join completed as c on c.slice_no = m.cell_no and c.period_start = m.cell_start
    where c.n > 0
)

select distinct p.slice_no, p.type_no, p.period_start, %[1]d as found_in
from placed as p
where p.place = 1`

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
