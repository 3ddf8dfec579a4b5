package transforms

import (
	"context"
	"fmt"

	"rollcall/internal/warehouse"
)

// makeMarts builds and checks the marts: on one thread where no staged table
// is larger than a row group. A second thread finds nothing to read of so small
// tables, and while one thread waits for the other's work it does so at full
// speed, which is a third of what the thousands of small statements cost.
func (b *Builder) makeMarts(ctx context.Context, build *Build) error {
	err := b.opts.DB.SQL().QueryRowContext(ctx, `select coalesce(max(t.estimated_size), 0)
from duckdb_tables() as t
where t.database_name = 'lake' and t.schema_name = 'staging'`).Scan(&build.largest)
	if err != nil {
		return fmt.Errorf("size the staged tables: %w", err)
	}
	threads, err := b.opts.DB.Threads(ctx)
	if err != nil {
		return err
	}
	run := func() error {
		if err := b.buildMarts(ctx, build, threads); err != nil {
			return err
		}
		return b.runChecks(ctx, build, threads)
	}
	if build.largest > warehouse.RowGroup {
		return run()
	}
	return b.opts.DB.WithThreads(ctx, 1, run)
}
