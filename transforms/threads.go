package transforms

import (
	"context"
	"fmt"
)

// rowGroup is how many rows of a table DuckDB hands to one thread at a time
// (https://duckdb.org/docs/stable/guides/performance/how_to_tune_workloads).
const rowGroup = 122_880

// makeMarts builds and checks the marts: on one thread where no staged table
// is larger than a row group. A second thread finds nothing to read of so small
// tables, and while one thread waits for the other's work it does so at full
// speed, which is a third of what the thousands of small statements cost.
func (b *Builder) makeMarts(ctx context.Context, build *Build) error {
	var largest int64
	err := b.opts.DB.SQL().QueryRowContext(ctx, `select coalesce(max(t.estimated_size), 0)
from duckdb_tables() as t
where t.database_name = 'lake' and t.schema_name = 'staging'`).Scan(&largest)
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
	if largest > rowGroup {
		return run()
	}
	return b.opts.DB.WithThreads(ctx, 1, run)
}
