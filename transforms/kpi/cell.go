package kpi

import (
	"context"
	"fmt"
	"strings"
)

// An Execer runs statements inside the transaction that writes the marts.
type Execer interface {
	Exec(ctx context.Context, query string, args ...any) error
	// Columns describes a select without running it.
	Columns(ctx context.Context, query string) ([]Column, error)
	// Text runs a select of one text and returns it.
	Text(ctx context.Context, query string, args ...any) (string, error)
}

// A Column of a select: name and DuckDB type.
type Column struct{ Name, Type string }

// createCells makes the table of unsuppressed cells: one row per KPI, grain,
// period, segment type and segment value. It is temporary: what is below the
// privacy threshold never reaches a file.
const createCells = `create or replace temp table cell (
    kpi_id varchar, grain varchar, period_start date, segment_type varchar, segment_value varchar,
    numerator double, denominator double, value double, n bigint,
    ci_low double, ci_high double, low double, high double
)`

// intoCells begins every statement that adds cells.
const intoCells = `insert into cell (kpi_id, grain, period_start, segment_type, segment_value,
    numerator, denominator, value, n, ci_low, ci_high, low, high)
`

// cells adds up what was folded for one KPI and gives it value and interval.
func (g *group) cells(ctx context.Context, m metric) error {
	if m.d.is("median") {
		return nil
	}
	n := "cast(null as bigint)"
	if m.who() != "" {
		n = "coalesce(cast(sum(f.n) as bigint), 0)"
	}
	query := fmt.Sprintf(intoCells+`with
parts as (
    select
        f.grain, f.period_start, f.segment_type, f.segment_value, f.part,
        coalesce(sum(f.numerator), 0) as numerator,
        coalesce(sum(f.denominator), 0) as denominator,
        coalesce(sum(f.squares), 0) as squares,
        %s as n,
        sum(f.low) as low, sum(f.high) as high, sum(f.low_denominator) as low_denominator, sum(f.high_denominator) as high_denominator
    from folded as f
    where f.kpi_id = '%s'
    group by f.grain, f.period_start, f.segment_type, f.segment_value, f.part
),

whole as (
%s
),

valued as (
%s
)

select
    '%s' as kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value,
    v.numerator, v.denominator, v.value, v.n, %s, %s, %s
from valued as v`, n, m.d.ID, m.averaged(), m.valued(), m.d.ID, m.interval("low"), m.interval("high"), m.estimated())
	return g.tx.Exec(ctx, query)
}

// averaged joins the parts of a mean of segments: of each value one, of the
// segments themselves what they are. Their n is the smallest that has anybody,
// since the mean and the shown parts together would give a hidden one away.
func (m metric) averaged() string {
	if m.d.All == "" {
		return `    select q.*
    from parts as q`
	}
	own, err := m.ownColumn()
	if err != nil {
		return ""
	}
	return fmt.Sprintf(`    select
        q.grain, q.period_start, q.segment_type, q.segment_value, cast(null as varchar) as part,
        case when q.segment_type = '%[1]s' then sum(q.numerator)
            else cast(sum(cast(round(safe_div(q.numerator, q.denominator), 12) as decimal(38, 12))) as double) end as numerator,
        case when q.segment_type = '%[1]s' then sum(q.denominator) else cast(count(nullif(q.denominator, 0)) as double) end as denominator,
        sum(q.squares) as squares,
        min(q.n) filter (where q.n > 0) as n,
        sum(q.low) as low, sum(q.high) as high, sum(q.low_denominator) as low_denominator, sum(q.high_denominator) as high_denominator
    from parts as q
    group by q.grain, q.period_start, q.segment_type, q.segment_value`, own.Type)
}

// valued gives each cell its value. A segment that splits the numerator only
// is divided by what the whole is divided by.
func (m metric) valued() string {
	denominator, n, join := "w.denominator", "w.n", ""
	if len(m.d.NumeratorOnly) > 0 {
		types := "'" + strings.Join(m.d.NumeratorOnly, "', '") + "'"
		denominator = fmt.Sprintf("case when w.segment_type in (%s) then coalesce(o.denominator, 0) else w.denominator end", types)
		n = fmt.Sprintf("case when w.segment_type in (%s) then o.n else w.n end", types)
		join = "\n    left join whole as o on o.grain = w.grain and o.period_start = w.period_start and o.segment_type = 'all'"
	}
	value := fmt.Sprintf("safe_div(w.numerator, %s)", denominator)
	switch {
	case m.d.Per == "day":
		denominator, value = "cast(d.days as double)", "safe_div(w.numerator, d.days)"
		join += fmt.Sprintf("\n    inner join kpi_days as d on d.kpi_id = '%s' and d.grain = w.grain and d.period_start = w.period_start", m.d.ID)
	case m.d.isFilled():
		denominator, value = "cast(null as double)", "w.numerator"
	case m.d.is("nps"):
		value = "100 * " + value
	}
	return fmt.Sprintf(`    select
        w.grain, w.period_start, w.segment_type, w.segment_value, w.numerator, %s as denominator, %s as value,
        w.squares, %s as n, w.low, w.high, w.low_denominator, w.high_denominator
    from whole as w%s`, denominator, value, n, join)
}

// interval is one end of the 95 % interval: of a share where numerator and
// denominator count the same people or things, and of a net score.
func (m metric) interval(end string) string {
	low, high := "", ""
	condition := ""
	switch {
	case m.isShare():
		low, high = wilson("v.value", "v.denominator")
		condition = "v.denominator > 0 and v.numerator >= 0 and v.numerator <= v.denominator and v.squares = 0"
		if own, err := m.ownColumn(); m.d.All != "" && err == nil {
			condition += fmt.Sprintf(" and v.segment_type = '%s'", own.Type)
		}
		for _, type_ := range m.d.NumeratorOnly {
			condition += fmt.Sprintf(" and v.segment_type <> '%s'", type_)
		}
	case m.d.is("nps"):
		low, high = netScore("v.numerator", "v.squares", "v.denominator")
		condition = "v.denominator > 0"
	default:
		return fmt.Sprintf("cast(null as double) as ci_%s", end)
	}
	if end == "high" {
		low = high
	}
	return fmt.Sprintf("case when %s then %s end as ci_%s", condition, low, end)
}

// isShare reports whether the value may be the share of those for whom
// something is true.
func (r *reading) isShare() bool {
	return r.d.is("ratio", "distinct_ratio") && r.types["numerator"] == "BOOLEAN"
}

// estimated are the low and the high form of an estimate.
func (m metric) estimated() string {
	var ends []string
	for _, end := range []string{"low", "high"} {
		switch {
		case !m.has(end):
			ends = append(ends, "cast(null as double) as "+end)
		case m.d.is("sum"):
			ends = append(ends, fmt.Sprintf("v.%[1]s as %[1]s", end))
		default:
			ends = append(ends, fmt.Sprintf("safe_div(v.%[1]s, coalesce(v.%[1]s_denominator, v.denominator)) as %[1]s", end))
		}
	}
	return strings.Join(ends, ", ")
}
