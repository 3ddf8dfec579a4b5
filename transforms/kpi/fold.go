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
		rollDays := c.d.window(grain).days
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
	query := fmt.Sprintf(`insert into cell (kpi_id, grain, period_start, segment_type, segment_value, numerator, denominator, value, n, ci_low, ci_high)
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
	folded := strings.TrimPrefix(query, "insert into cell (kpi_id, grain, period_start, segment_type, segment_value, numerator, denominator, value, n, ci_low, ci_high)\n")
	return fmt.Sprintf(`insert into cell (kpi_id, grain, period_start, segment_type, segment_value, numerator, denominator, value, n, ci_low, ci_high)
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
