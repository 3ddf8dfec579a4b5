package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// wideGrains are the cadences that BI tools get a wide table for.
func wideGrains() map[string]string {
	return map[string]string{"wide_weekly": "week", "wide_monthly": "month", "wide_quarterly": "quarter"}
}

// columnsOf are the KPIs of a wide table, configured or not, by id.
func columnsOf(definitions []*Definition, grain string) []*Definition {
	var found []*Definition
	for _, d := range definitions {
		if slices.Contains(d.Grains, grain) {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b *Definition) int { return strings.Compare(a.ID, b.ID) })
	return found
}

// writeWide replaces the wide tables: one row per period, one column per KPI
// that has the grain. A KPI that is not configured keeps its column, empty, so
// that a tool's query does not break when a source is gone.
func writeWide(ctx context.Context, tx Execer, definitions []*Definition) error {
	for table, grain := range wideGrains() {
		columns := []string{"p.label", "p.period_start", "p.period_end", "bool_or(v.is_partial) as is_partial"}
		for _, d := range columnsOf(definitions, grain) {
			columns = append(columns, fmt.Sprintf("max(case when v.kpi_id = '%[1]s' then v.value end) as %[2]q", d.ID, d.ID))
		}
		query := fmt.Sprintf(`create or replace table marts.kpi.%s as
select
    %s
from kpi.value as v
inner join ref.period as p on p.grain = v.grain and p.period_start = v.period_start
where v.grain = '%s' and v.segment_type = 'all'
group by p.label, p.period_start, p.period_end
order by p.period_start nulls last`, table, strings.Join(columns, ",\n    "), grain)
		if err := tx.Exec(ctx, query); err != nil {
			return fmt.Errorf("write kpi.%s: %w", table, err)
		}
	}
	return nil
}

func wideTables(definitions []*Definition) []Table {
	var tables []Table
	for name, grain := range wideGrains() {
		t := Table{
			Name:    name,
			Comment: fmt.Sprintf("One row per %s, for the whole community; one column per KPI that is given by %s. For segments, intervals and status read kpi.value.", grain, grain),
			Columns: [][2]string{{"label", "the period, as 2026-W06, 2026-02 or 2026-Q1"}, {"period_start", "its first local day"},
				{"period_end", "the day after its last"}, {"is_partial", "some KPI of the row is not whole yet: see kpi.value"}},
		}
		for _, d := range columnsOf(definitions, grain) {
			t.Columns = append(t.Columns, [2]string{d.ID, fmt.Sprintf("%s, %s", d.Name, d.Unit)})
		}
		tables = append(tables, t)
	}
	slices.SortFunc(tables, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	return tables
}
