package kpi

import (
	"context"
	"time"
)

// loadHeaders puts what the selects over all cells need of each header into
// temporary tables: kpi_header, kpi_grain and kpi_covered.
func loadHeaders(ctx context.Context, tx Execer, zone *time.Location, finished []Finished) error {
	for _, create := range []string{
		`create or replace temp table kpi_header (kpi_id varchar, measure varchar, is_filled boolean)`,
		`create or replace temp table kpi_grain (kpi_id varchar, grain varchar, kind varchar, roll_days integer, roll_months integer)`,
		`create or replace temp table kpi_covered (kpi_id varchar, from_on date, until_on date, is_whole boolean)`,
	} {
		if err := tx.Exec(ctx, create); err != nil {
			return err
		}
	}
	var headers, grains, covered [][]any
	for _, f := range finished {
		headers = append(headers, []any{f.ID, f.Measure, f.isFilled()})
		for _, grain := range f.Grains {
			w := f.window(grain)
			grains = append(grains, []any{f.ID, grain, w.kind, w.days, w.months})
		}
		covered = append(covered, f.coverage(zone)...)
	}
	if err := insertRows(ctx, tx, "kpi_header", headers); err != nil {
		return err
	}
	if err := insertRows(ctx, tx, "kpi_grain", grains); err != nil {
		return err
	}
	return insertRows(ctx, tx, "kpi_covered", covered)
}

// coverage gives each covered range twice: as the local days that lie whole
// inside it, which make a period complete, and as all days that it touches,
// in which an empty period counts 0.
func (f *Finished) coverage(zone *time.Location) (rows [][]any) {
	for _, isWhole := range []bool{true, false} {
		for _, c := range Days(f.Covered, zone, isWhole) {
			rows = append(rows, []any{f.ID, dateOf(c.From), dateOf(c.Until), isWhole})
		}
	}
	return rows
}

// dateOf is a date that DuckDB reads back, also for the beginning of time.
func dateOf(t time.Time) string {
	if t.Year() < 1 { // the zero time, west of Greenwich
		return "0001-01-01"
	}
	return t.Format(time.DateOnly)
}
