package warehouse

import (
	"context"
	"errors"
	"fmt"
)

// WithThreads runs fn while all statements on the two files, of whatever
// connection, share so many threads, and gives back as many as there were.
func (db *DB) WithThreads(ctx context.Context, threads int, fn func() error) error {
	var before int
	if err := db.sql.QueryRowContext(ctx, "select current_setting('threads')").Scan(&before); err != nil {
		return fmt.Errorf("read the number of threads: %w", err)
	}
	if err := db.setThreads(ctx, threads); err != nil {
		return err
	}
	err := fn()
	return errors.Join(err, db.setThreads(context.WithoutCancel(ctx), before))
}

func (db *DB) setThreads(ctx context.Context, threads int) error {
	if _, err := db.sql.ExecContext(ctx, fmt.Sprintf("set threads = %d", threads)); err != nil {
		return fmt.Errorf("set the number of threads: %w", err)
	}
	return nil
}
