package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// A File is one attached database file and its only writer.
type File struct {
	Catalog string
	path    string
	mu      sync.Mutex
	pool    *sql.DB
	conn    *sql.Conn
	invalid bool // a checkpoint failed (disk full); see heal
}

func (db *DB) file(ctx context.Context, catalog, path string) (*File, error) {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect the writer of %s: %w", catalog, err)
	}
	if _, err := conn.ExecContext(ctx, "use "+Ident(catalog)); err != nil {
		return nil, errors.Join(fmt.Errorf("use %s: %w", catalog, err), conn.Close())
	}
	return &File{Catalog: catalog, path: path, pool: db.sql, conn: conn}, nil
}

// Write runs fn inside one transaction of the file's writer and commits it,
// or rolls back on error. Writers of one file wait for each other.
func (f *File) Write(ctx context.Context, fn func(tx *Tx) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.heal(ctx); err != nil {
		return err
	}
	if _, err := f.conn.ExecContext(ctx, "begin transaction"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := fn(&Tx{conn: f.conn, catalog: f.Catalog}); err != nil {
		return f.failed(errors.Join(err, f.rollback(ctx)))
	}
	if _, err := f.conn.ExecContext(ctx, "commit"); err != nil {
		return f.failed(errors.Join(fmt.Errorf("commit: %w", err), f.rollback(ctx)))
	}
	return nil
}

// failed notes whether an error means that DuckDB gave the file up, which it
// does when a checkpoint fails.
func (f *File) failed(err error) error {
	if err != nil && strings.Contains(err.Error(), "has been invalidated") {
		f.invalid = true
	}
	return err
}

// Heal attaches the file anew if DuckDB gave it up, which writers do by
// themselves and readers cannot. It waits for the writer.
func (f *File) Heal(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.heal(ctx)
}

// heal attaches a file anew that DuckDB gave up: what was committed is in the
// file and its write-ahead log.
func (f *File) heal(ctx context.Context) error {
	if !f.invalid {
		return nil
	}
	// The old connection cannot run a statement any more: its default catalog
	// is the one given up.
	conn, err := f.pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("attach %s again after a failed checkpoint: %w", f.path, err)
	}
	for _, stmt := range []string{"detach " + Ident(f.Catalog), attach(f.path, f.Catalog), "use " + Ident(f.Catalog)} {
		if _, err := conn.ExecContext(ctx, stmt); err != nil {
			return errors.Join(fmt.Errorf("attach %s again after a failed checkpoint: %w", f.path, err), conn.Close())
		}
	}
	discard(f.conn)
	f.conn = conn
	f.invalid = false
	return nil
}

// IsDiskFull reports whether an error of this package says that no space was
// left. DuckDB gives no code, only the operating system's words.
func IsDiskFull(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "No space left on device") || strings.Contains(text, "Disk quota exceeded") ||
		strings.Contains(text, "File too large") || strings.Contains(text, "failed to offload data block")
}

// rollback ends the transaction even when ctx is done. A commit that failed
// has already ended it, which DuckDB reports as "no transaction is active".
func (f *File) rollback(ctx context.Context) error {
	_, err := f.conn.ExecContext(context.WithoutCancel(ctx), "rollback")
	if err != nil && strings.Contains(err.Error(), "no transaction is active") {
		return nil
	}
	return err
}

// Do runs fn on the writer's connection outside any transaction, for
// statements that cannot run in one: SET search_path, CHECKPOINT, ATTACH.
func (f *File) Do(ctx context.Context, fn func(conn *sql.Conn) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.heal(ctx); err != nil {
		return err
	}
	return f.failed(fn(f.conn))
}

// Checkpoint moves the write-ahead log into the file, so that none rests on
// disk.
func (f *File) Checkpoint(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.heal(ctx); err != nil {
		return err
	}
	_, err := f.conn.ExecContext(ctx, "checkpoint "+Ident(f.Catalog))
	return f.failed(err)
}
