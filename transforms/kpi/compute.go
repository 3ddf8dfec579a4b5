package kpi

import (
	"context"
	"fmt"
)

// Compute fills the temporary table cell with all cells of the configured KPIs:
// base cells from their atoms, empty periods inside coverage, mean windows,
// values per day, intervals, and the KPIs derived from cells. configured is
// ordered as Order does. computed is called with the ids of KPIs whose cells
// are there.
func Compute(ctx context.Context, tx Execer, run Run, configured []Finished, computed func(ids ...string)) error {
	if err := tx.Exec(ctx, createCells); err != nil {
		return err
	}
	if err := loadHeaders(ctx, tx, run.Zone, configured); err != nil {
		return err
	}
	for _, f := range configured {
		c := &computation{tx: tx, d: f.Definition, today: run.Today}
		for _, step := range []func(context.Context) error{c.atoms, c.collapse, c.fold} {
			if err := step(ctx); err != nil {
				return fmt.Errorf("%s: %w", f.File, err)
			}
		}
		computed(f.ID)
	}
	for _, step := range []func() error{
		func() error { return tx.Exec(ctx, fmt.Sprintf(fill, run.Today)) },
		func() error { return tx.Exec(ctx, "delete from cell") },
		func() error { return tx.Exec(ctx, "insert into cell select * from filled") },
		func() error { return tx.Exec(ctx, "drop table filled") },
		func() error { return averages(ctx, tx, configured) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("fill empty periods: %w", err)
		}
	}
	return nil
}
