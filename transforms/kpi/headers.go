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
	for _, f := range finished {
		if err := tx.Exec(ctx, "insert into kpi_header values (?, ?, ?)", f.ID, f.Measure, f.isFilled()); err != nil {
			return err
		}
		for _, grain := range f.Grains {
			w := f.window(grain)
			if err := tx.Exec(ctx, "insert into kpi_grain values (?, ?, ?, ?, ?)", f.ID, grain, w.kind, w.days, w.months); err != nil {
				return err
			}
		}
		if err := loadCoverage(ctx, tx, zone, f); err != nil {
			return err
		}
	}
	return nil
}

// loadCoverage adds each covered range twice: as the local days that lie whole
// inside it, which make a period complete, and as all days that it touches,
// in which an empty period counts 0.
func loadCoverage(ctx context.Context, tx Execer, zone *time.Location, f Finished) error {
	for _, isWhole := range []bool{true, false} {
		for _, c := range Days(f.Covered, zone, isWhole) {
			err := tx.Exec(ctx, "insert into kpi_covered values (?, cast(? as date), cast(? as date), ?)",
				f.ID, dateOf(c.From), dateOf(c.Until), isWhole)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// dateOf is a date that DuckDB reads back, also for the beginning of time.
func dateOf(t time.Time) string {
	if t.Year() < 1 { // the zero time, west of Greenwich
		return "0001-01-01"
	}
	return t.Format(time.DateOnly)
}
