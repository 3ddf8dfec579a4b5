package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// WithThreads runs fn while all statements on the two files, of whatever
// connection, share so many threads, and gives back as many as there were.
func (db *DB) WithThreads(ctx context.Context, threads int, fn func() error) error {
	return withThreads(ctx, db.sql, threads, fn)
}

// Threads is how many there are.
func (db *DB) Threads(ctx context.Context) (int, error) { return threadsOf(ctx, db.sql) }

func withThreads(ctx context.Context, db *sql.DB, threads int, fn func() error) error {
	before, err := threadsOf(ctx, db)
	if err != nil {
		return err
	}
	if err := setThreads(ctx, db, threads); err != nil {
		return err
	}
	err = fn()
	return errors.Join(err, setThreads(context.WithoutCancel(ctx), db, before))
}

func threadsOf(ctx context.Context, db *sql.DB) (threads int, err error) {
	if err := db.QueryRowContext(ctx, "select current_setting('threads')").Scan(&threads); err != nil {
		return 0, fmt.Errorf("read the number of threads: %w", err)
	}
	return threads, nil
}

func setThreads(ctx context.Context, db *sql.DB, threads int) error {
	if _, err := db.ExecContext(ctx, fmt.Sprintf("set threads = %d", threads)); err != nil {
		return fmt.Errorf("set the number of threads: %w", err)
	}
	return nil
}
