package kpi

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// earliest selects the earliest day of the atoms that changed rows make; "" where
// that cannot be said.
func (f *Finished) earliest(ctx context.Context, tx Execer, r *reading, c Change) string {
	switch {
	case c.Rows == "":
		return ""
	case r != nil && r.rowWise && c.Table == r.from:
		return r.earliestMoved(c.Rows)
	case c.Table == "ref.calendar":
		return "select min(a.date_day) from " + c.Rows + " as a"
	case c.Table == personPeriods && c.IsAside:
		return fmt.Sprintf(earliestState, c.Rows)
	case c.Table == "ref.period" || c.Table == personPeriods:
		return "select min(a.period_start) from " + c.Rows + " as a"
	case !f.Forward:
		return ""
	}
	columns, err := tx.Columns(ctx, "select * from "+c.Rows)
	if err != nil {
		return ""
	}
	var days []string
	for _, column := range columns {
		if column.Type == "DATE" {
			days = append(days, "a."+column.Name)
		}
	}
	if len(days) == 0 {
		return ""
	}
	return fmt.Sprintf("select min(coalesce(least(%s), cast('0001-01-01' as date))) from %s as a", strings.Join(days, ", "), c.Rows)
}

// earliestState is the first period in which somebody's level is another than
// it was.
const earliestState = `select min(m.period_start) from (
    select a.grain, a.period_start, a.person_id, a.engagement_level, a.engagement_level_start
    from %s as a
    where a.community_id = 'all'
    group by a.grain, a.period_start, a.person_id, a.engagement_level, a.engagement_level_start
    having sum(a.added_rows) <> 0
) as m`

// earliestMoved selects the day of the earliest atom that came or went: rows
// that changed in other columns than the KPI reads make the atoms they made.
func (r *reading) earliestMoved(rows string) string {
	var columns, names []string
	for i, name := range slices.Sorted(maps.Keys(r.exprs)) {
		columns = append(columns, fmt.Sprintf("%s as x%d", r.exprs[name], i))
		names = append(names, fmt.Sprintf("m.x%d", i))
	}
	return fmt.Sprintf(`select min(n.day) from (
    select min(m.day) as day
    from (select %s as day, %s, a.added_rows from %s as a%s) as m
    group by %s
    having sum(m.added_rows) <> 0
) as n`, r.earliestDay(), strings.Join(columns, ", "), rows, conditionOf(r.where), strings.Join(names, ", "))
}

func conditionOf(where string) string {
	if where == "" {
		return ""
	}
	return " where " + where
}

// earliestDay is the day on which an atom begins.
func (r *reading) earliestDay() string {
	var days []string
	for _, column := range []string{"happened_on", "period_start", "from_on"} {
		if r.has(column) {
			days = append(days, r.exprs[column])
		}
	}
	if len(days) == 1 {
		return days[0]
	}
	return "least(" + strings.Join(days, ", ") + ")"
}
