package kpi

import (
	"context"
	"fmt"
	"strings"
)

// A pass is one fold: the whole, or the slices of one segment type.
type pass struct{ segmentType, slice string }

func (c *computation) allPasses() []pass {
	passes := []pass{{"all", "'all'"}}
	for i, s := range c.segments {
		passes = append(passes, pass{s.Type, fmt.Sprintf("a.slice_%d", i)})
	}
	return passes
}

// collapse makes one row per grain, period, slice and unit from the atoms, so
// that the fold needs sum and count(*) only. Where the unit is not who privacy
// counts, a second table is made by person.
func (c *computation) collapse(ctx context.Context) error {
	if err := c.collapseBy(ctx, "collapsed", c.unit); err != nil {
		return err
	}
	if c.privacy == c.unit {
		return nil
	}
	return c.collapseBy(ctx, "collapsed_people", c.privacy)
}

func (c *computation) collapseBy(ctx context.Context, table, unit string) error {
	create := fmt.Sprintf(`create or replace temp table %s (
    grain varchar, period_start date, segment_type varchar, segment_value varchar,
    unit_id varchar, numerator %s, denominator %s)`, table, c.exact[0], c.exact[1])
	if err := c.tx.Exec(ctx, create); err != nil {
		return err
	}
	known := ""
	if c.d.Measure == "distinct" {
		known = fmt.Sprintf("\nwhere a.%s is not null and a.%s is not null", c.unit, unit)
	}
	for _, grain := range c.grainsNeeded("cal") {
		for _, p := range c.allPasses() {
			query := fmt.Sprintf(`insert into %[1]s
select '%[2]s' as grain, c.%[3]s as period_start, '%[4]s' as segment_type, %[5]s as segment_value,
    a.%[6]s as unit_id, cast(sum(a.numerator) as %[7]s), cast(sum(a.denominator) as %[8]s)
from atom as a
inner join ref.calendar as c on c.date_day = a.happened_on%[9]s
group by c.%[3]s, %[10]sa.%[6]s`,
				table, grain, periodColumn(grain), p.segmentType, p.slice, unit, c.exact[0], c.exact[1], known, p.group())
			if err := c.tx.Exec(ctx, query); err != nil {
				return err
			}
		}
	}
	return nil
}

// group names the pass's slice in a group by; the whole has none.
func (p pass) group() string {
	if p.segmentType == "all" {
		return ""
	}
	return p.slice + ", "
}

// fold makes the cells of all calendar windows, then sweeps the rolling ones.
// Windows that average smaller periods are made when the cells are finished.
func (c *computation) fold(ctx context.Context) error {
	var err error
	if c.d.Measure == "median" {
		err = c.foldMedian(ctx)
	} else {
		err = c.foldSums(ctx)
	}
	if err != nil {
		return err
	}
	for _, grain := range c.grainsNeeded("roll") {
		_, rollDays, _ := c.d.window(grain)
		for _, p := range c.allPasses() {
			if err := c.sweep(ctx, grain, rollDays, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// counted says which collapsed rows are people behind a cell's value: those of
// the denominator, or of the numerator where there is none.
func (c *computation) counted() string {
	if c.d.Measure == "count" || c.d.Measure == "distinct" {
		return "numerator"
	}
	return "denominator"
}

func (c *computation) n() string {
	if !c.peopled {
		return "cast(null as bigint)"
	}
	return fmt.Sprintf("count(*) filter (where f.%s > 0 and f.unit_id is not null)", c.counted())
}

func (c *computation) foldSums(ctx context.Context) error {
	numerator, denominator, value := "sum(f.numerator)", "null", "sum(f.numerator)"
	switch c.d.Measure {
	case "distinct":
		numerator = "count(*) filter (where f.numerator > 0)"
		value = numerator
	case "ratio", "mean":
		denominator = "sum(f.denominator)"
		value = "safe_div(sum(f.numerator), sum(f.denominator))"
	}
	n := c.n()
	if c.privacy != c.unit {
		n = "cast(null as bigint)"
	}
	query := fmt.Sprintf(`insert into cell
select '%s' as kpi_id, f.grain, f.period_start, f.segment_type, f.segment_value,
    cast(%s as double) as numerator, cast(%s as double) as denominator, cast(%s as double) as value,
    %s as n, cast(null as double) as ci_low, cast(null as double) as ci_high
from collapsed as f
group by f.grain, f.period_start, f.segment_type, f.segment_value`, c.d.ID, numerator, denominator, value, n)
	if c.privacy != c.unit {
		query = c.withPeople(query)
	}
	if err := c.tx.Exec(ctx, query); err != nil {
		return err
	}
	if c.isShare {
		return c.wilson(ctx)
	}
	return nil
}

// withPeople takes n from the rows collapsed by person.
func (c *computation) withPeople(query string) string {
	folded := strings.TrimPrefix(query, "insert into cell\n")
	return fmt.Sprintf(`insert into cell
with
folded as (
%s
),

people as (
    select f.grain, f.period_start, f.segment_type, f.segment_value, %s as n
    from collapsed_people as f
    group by f.grain, f.period_start, f.segment_type, f.segment_value
)

select x.kpi_id, x.grain, x.period_start, x.segment_type, x.segment_value,
    x.numerator, x.denominator, x.value, p.n, x.ci_low, x.ci_high
from folded as x
left join people as p on p.grain = x.grain and p.period_start = x.period_start
    and p.segment_type = x.segment_type and p.segment_value = x.segment_value`, folded, c.n())
}

// wilson replaces the cells of a share by the same with the 95 % score
// interval of Wilson (1927).
func (c *computation) wilson(ctx context.Context) error {
	const z2 = "3.8414588206941243e0" // square of the normal quantile 1.959963984540054
	center := fmt.Sprintf("(k.numerator + %s / 2) / (k.denominator + %s)", z2, z2)
	half := fmt.Sprintf(`1.959963984540054e0 / (k.denominator + %s)
        * sqrt(k.denominator * k.value * (1 - k.value) + %s / 4)`, z2, z2)
	for _, statement := range []string{
		fmt.Sprintf(`create or replace temp table share as
select k.kpi_id, k.grain, k.period_start, k.segment_type, k.segment_value, k.numerator, k.denominator, k.value, k.n,
    case when k.value is null then null else greatest(0, %[1]s - %[2]s) end as ci_low,
    case when k.value is null then null else least(1, %[1]s + %[2]s) end as ci_high
from cell as k
where k.kpi_id = '%[3]s'`, center, half, c.d.ID),
		fmt.Sprintf("delete from cell where kpi_id = '%s'", c.d.ID),
		"insert into cell select * from share",
	} {
		if err := c.tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// medianCINeeds is the fewest amounts for which the interval of a median is
// given.
const medianCINeeds = 20

// foldMedian folds atoms, which a median cannot be collapsed before. The
// interval lies between the order statistics whose ranks are half a standard
// normal interval of the binomial around the middle. An infinite amount means
// "not yet", so a median that falls there is unknown.
func (c *computation) foldMedian(ctx context.Context) error {
	for _, grain := range c.grainsNeeded("cal") {
		for _, p := range c.allPasses() {
			query := fmt.Sprintf(`insert into cell
with
amounts as (
    select c.%[1]s as period_start, %[2]s as segment_value, a.amount
    from atom as a
    inner join ref.calendar as c on c.date_day = a.happened_on
    where a.denominator > 0 and a.amount is not null
),

ranked as (
    select
        m.period_start,
        m.segment_value,
        m.amount,
        row_number() over (
            partition by m.period_start, m.segment_value order by m.amount nulls last
        ) as place,
        count(*) over (partition by m.period_start, m.segment_value) as amounts
    from amounts as m
),

folded as (
    select
        r.period_start,
        r.segment_value,
        count(*) as amounts,
        percentile_cont(0.5) within group (order by r.amount nulls last) as value,
        min(r.amount) filter (
            where r.place = greatest(1, floor(r.amounts * 0.5e0 - 0.979981992270027e0 * sqrt(r.amounts)))
        ) as ci_low,
        min(r.amount) filter (
            where r.place = least(r.amounts, ceil(r.amounts * 0.5e0 + 1 + 0.979981992270027e0 * sqrt(r.amounts)))
        ) as ci_high
    from ranked as r
    group by r.period_start, r.segment_value
),

people as (
    select f.period_start, f.segment_value, %[3]s as n
    from collapsed as f
    where f.grain = '%[4]s' and f.segment_type = '%[5]s'
    group by f.period_start, f.segment_value
)

select '%[6]s' as kpi_id, '%[4]s' as grain, p.period_start, '%[5]s' as segment_type, p.segment_value,
    cast(null as double) as numerator, cast(coalesce(f.amounts, 0) as double) as denominator,
    case when isinf(f.value) then null else f.value end as value, p.n,
    case when f.amounts >= %[7]d and not isinf(f.ci_low) then f.ci_low end as ci_low,
    case when f.amounts >= %[7]d and not isinf(f.ci_high) then f.ci_high end as ci_high
from people as p
left join folded as f on f.period_start = p.period_start and f.segment_value = p.segment_value`,
				periodColumn(grain), p.slice, c.n(), grain, p.segmentType, c.d.ID, medianCINeeds)
			if err := c.tx.Exec(ctx, query); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweep counts distinct units over a rolling window: each unit's active days
// become spans that do not overlap, each span adds one at its start and takes
// it away at its end, and the running sum is read on the last day of every
// period, or today.
func (c *computation) sweep(ctx context.Context, grain string, rollDays int, p pass) error {
	query := fmt.Sprintf(`insert into cell
with
active as (
    select distinct %[1]s as segment_value, a.%[2]s as unit_id, a.happened_on
    from atom as a
    where a.numerator > 0 and a.%[2]s is not null and a.happened_on <= cast('%[3]s' as date)
),

spans as (
    select
        x.segment_value,
        x.happened_on as from_on,
        least(
            add_days(x.happened_on, %[4]d),
            coalesce(
                lead(x.happened_on) over (
                    partition by x.segment_value, x.unit_id order by x.happened_on nulls last
                ),
                add_days(x.happened_on, %[4]d)
            )
        ) as until_on
    from active as x
),

samples as (
    select
        v.segment_value,
        r.period_start,
        case when add_days(r.period_end, -1) > cast('%[3]s' as date)
            then cast('%[3]s' as date) else add_days(r.period_end, -1) end as read_on
    from (select s.segment_value, min(s.from_on) as first_on from spans as s group by s.segment_value) as v
    inner join ref.period as r
        on r.grain = '%[5]s' and r.period_end > v.first_on and r.period_start <= cast('%[3]s' as date)
),

steps as (
    select s.segment_value, s.from_on as step_on, cast(null as date) as period_start, count(*) as delta
    from spans as s
    group by s.segment_value, s.from_on
    union all
    select s.segment_value, s.until_on as step_on, cast(null as date) as period_start, -count(*) as delta
    from spans as s
    group by s.segment_value, s.until_on
    union all
    select m.segment_value, m.read_on as step_on, m.period_start, 0 as delta
    from samples as m
),

running as (
    select
        t.segment_value,
        t.period_start,
        cast(sum(t.delta) over (
            partition by t.segment_value order by t.step_on nulls last
            range between unbounded preceding and current row
        ) as bigint) as units
    from steps as t
)

select '%[6]s' as kpi_id, '%[5]s' as grain, n.period_start, '%[7]s' as segment_type, n.segment_value,
    cast(n.units as double) as numerator, cast(null as double) as denominator, cast(n.units as double) as value,
    %[8]s as n, cast(null as double) as ci_low, cast(null as double) as ci_high
from running as n
where n.period_start is not null and n.units > 0`,
		p.slice, c.unit, c.today, rollDays, grain, c.d.ID, p.segmentType, c.sweptPeople())
	return c.tx.Exec(ctx, query)
}

// sweptPeople is n of a rolling cell: the units where they are who privacy
// counts.
func (c *computation) sweptPeople() string {
	if c.peopled && c.privacy == c.unit {
		return "n.units"
	}
	return "cast(null as bigint)"
}
