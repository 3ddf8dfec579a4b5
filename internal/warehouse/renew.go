package warehouse

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Renew writes the file anew while it is open, so that nothing of what was
// deleted rests in it or in its write-ahead log. Writers wait; a reader that
// begins in the moment of the exchange meets an error.
func (f *File) Renew(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.heal(ctx); err != nil {
		return err
	}
	fresh := f.path + ".compact"
	if err := f.renew(ctx, fresh); err != nil {
		return errors.Join(fmt.Errorf("write %s anew: %w", f.path, err), RemoveIfThere(fresh), RemoveIfThere(fresh+".wal"))
	}
	return nil
}

func (f *File) renew(ctx context.Context, fresh string) error {
	if err := errors.Join(RemoveIfThere(fresh), RemoveIfThere(fresh+".wal")); err != nil {
		return err
	}
	for _, stmt := range []string{
		"checkpoint " + Ident(f.Catalog), attach(fresh, "fresh"),
		"copy from database " + Ident(f.Catalog) + " to fresh", "checkpoint fresh", "detach fresh",
	} {
		if _, err := f.conn.ExecContext(ctx, stmt); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Chmod(fresh, 0o600), SyncPath(fresh)); err != nil {
		return err
	}
	return f.exchange(context.WithoutCancel(ctx), fresh)
}

// readersEnd is how long the exchange waits for readers of the old file.
const readersEnd = 30 * time.Second

// exchange puts another file in the place of the attached one. Whatever fails,
// a file is attached again, the old or the new one.
func (f *File) exchange(ctx context.Context, fresh string) error {
	conn, err := f.pool.Conn(ctx)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "detach "+Ident(f.Catalog)); err != nil {
		return errors.Join(err, conn.Close())
	}
	dir := filepath.Dir(f.path)
	err = errors.Join(RemoveIfThere(f.path+".wal"), RemoveIfThere(fresh+".wal"), SyncPath(dir))
	if err == nil {
		err = errors.Join(os.Rename(fresh, f.path), SyncPath(dir))
	}
	// ErrBadConn keeps the pool from lending the old one out.
	_ = f.conn.Raw(func(any) error { return driver.ErrBadConn })
	f.conn = conn
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		_, attachErr := conn.ExecContext(ctx, attach(f.path, f.Catalog))
		if attachErr == nil {
			break
		}
		if time.Since(began) > readersEnd {
			f.invalid = true // the next writer tries again
			return errors.Join(err, attachErr)
		}
	}
	_, useErr := conn.ExecContext(ctx, "use "+Ident(f.Catalog))
	return errors.Join(err, useErr)
}
