package warehouse

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// RowGroup is how many rows of a table DuckDB hands to one thread at a time
// (https://duckdb.org/docs/stable/guides/performance/how_to_tune_workloads).
const RowGroup = 122_880

// PrimeTemp makes a temporary table of the writer's connection, by its name and a
// list of "column type", for a transaction that fills it and reads it on all
// threads: DuckDB 1.5.5 reads a table on as many threads as its committed rows
// make row groups, rows of the open transaction not counting, and so on one where
// the table is made there. The table has rows of nulls, which the transaction
// deletes first.
func (f *File) PrimeTemp(ctx context.Context, table, columns string) error {
	column, _, _ := strings.Cut(columns, " ")
	return f.Do(ctx, func(conn *sql.Conn) error {
		for _, statement := range []string{
			fmt.Sprintf("create or replace temp table %s (%s)", table, columns),
			fmt.Sprintf("insert into temp.%s (%s) select null from range((current_setting('threads') - 1) * %d)", table, column, RowGroup),
		} {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("prime temp.%s: %w", table, err)
			}
		}
		return nil
	})
}
