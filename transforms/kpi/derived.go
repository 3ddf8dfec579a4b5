package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// derive runs a select that returns finished rows: of a derived KPI from the
// cells it depends on, of a custom one from anything. It returns grain,
// period_start, segment_type and segment_value, and of the rest of a cell what
// it has. Two arms give value and interval of a difference of proportions:
// treated_share, treated_size, control_share and control_size, where a size
// may be an effective one.
func derive(ctx context.Context, tx Execer, today string, d *Definition) error {
	sql, err := readCells(ctx, tx, strings.TrimRight(d.SQL, "; \n"))
	if err != nil {
		return err
	}
	columns, err := tx.Columns(ctx, sql)
	if err != nil {
		return err
	}
	f := finishedRows{d: d}
	for _, c := range columns {
		f.names = append(f.names, c.Name)
	}
	if err := f.check(columns); err != nil {
		return err
	}
	join, n := "", "cast(null as bigint)"
	if f.has("n") {
		n = "cast(x.n as bigint)"
	} else if len(d.Depends) > 0 {
		join, n = fmt.Sprintf(fewest, "'"+strings.Join(d.Depends, "', '")+"'"), "m.n"
	}
	low, high := f.interval()
	return tx.Exec(ctx, fmt.Sprintf(intoCells+`select
    '%s' as kpi_id, x.grain, x.period_start, x.segment_type, x.segment_value,
    %s as numerator, %s as denominator, %s as value, %s as n,
    %s as ci_low, %s as ci_high, %s as low, %s as high
from (
%s
) as x%s
where x.grain in ('%s') and x.period_start <= %s`,
		d.ID, f.number("numerator"), f.number("denominator"), f.value(), n, low, high, f.number("low"), f.number("high"),
		sql, join, strings.Join(d.returned(), "', '"), literalDate(today)))
}

// returned are the grains that the select answers for itself.
func (d *Definition) returned() []string {
	return slices.DeleteFunc(slices.Clone(d.Grains), func(grain string) bool { return d.window(grain).kind == "mean" })
}

// fewest joins the fewest people behind any cell that a derived one is made
// of: together with them it would give a smaller one away.
const fewest = `
left join (
    select k.grain, k.period_start, k.segment_type, k.segment_value, min(k.n) as n
    from cell as k
    where k.kpi_id in (%s)
    group by k.grain, k.period_start, k.segment_type, k.segment_value
) as m on m.grain = x.grain and m.period_start = x.period_start
    and m.segment_type = x.segment_type and m.segment_value = x.segment_value`

type finishedRows struct {
	d     *Definition
	names []string
}

func (f finishedRows) has(column string) bool { return slices.Contains(f.names, column) }

func arms() []string {
	return []string{"treated_share", "treated_size", "control_share", "control_size"}
}

func (f finishedRows) check(columns []Column) error {
	for _, column := range []string{"grain", "period_start", "segment_type", "segment_value"} {
		if !f.has(column) {
			return fmt.Errorf("a %s select returns finished rows: column %s is missing", f.d.Measure, column)
		}
	}
	for _, c := range columns {
		if c.Name == "period_start" && c.Type != "DATE" {
			return fmt.Errorf("column period_start is %s, must be a DATE", c.Type)
		}
	}
	if !f.has("value") && !f.has("treated_share") && !(f.has("numerator") && f.has("denominator")) {
		return fmt.Errorf("a %s select returns value, or numerator and denominator, or two arms (%s)", f.d.Measure, strings.Join(arms(), ", "))
	}
	for _, column := range arms() {
		if f.has("treated_share") && !f.has(column) {
			return fmt.Errorf("two arms need all of %s: column %s is missing", strings.Join(arms(), ", "), column)
		}
	}
	return nil
}

// number is a column as DOUBLE, NULL where the select has none.
func (f finishedRows) number(column string) string {
	switch {
	case f.has(column):
		return fmt.Sprintf("cast(x.%s as double)", column)
	case column == "numerator" && f.has("treated_share"):
		return "cast(x.treated_share as double)"
	case column == "denominator" && f.has("treated_share"):
		return "cast(x.control_share as double)"
	}
	return "cast(null as double)"
}

func (f finishedRows) value() string {
	switch {
	case f.has("value"):
		return f.number("value")
	case f.has("treated_share"):
		return "cast(x.treated_share as double) - cast(x.control_share as double)"
	}
	return "safe_div(x.numerator, x.denominator)"
}

func (f finishedRows) interval() (low, high string) {
	if !f.has("treated_share") {
		return f.number("ci_low"), f.number("ci_high")
	}
	p1, p0 := f.number("treated_share"), f.number("control_share")
	low1, high1 := wilson(p1, f.number("treated_size"))
	low0, high0 := wilson(p0, f.number("control_size"))
	low, high = newcombe(p1, low1, high1, p0, low0, high0)
	known := "x.treated_size > 0 and x.control_size > 0"
	return fmt.Sprintf("case when %s then %s end", known, low), fmt.Sprintf("case when %s then %s end", known, high)
}
