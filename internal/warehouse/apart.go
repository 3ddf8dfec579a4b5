package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
)

// Apart runs fn with n connections that work at the same time, the first of them
// the file's writer, after setup on each. None is in a transaction: a statement
// is one of its own, sees what was committed, and may write temporary tables or
// a catalog in memory. Temporary tables of the writer stay, the others are gone
// with fn. Statements have one thread each meanwhile, those of anybody else too:
// several that need nothing of each other are done sooner that way than one
// after the other by as many threads, which wait for each other.
func (f *File) Apart(ctx context.Context, n int, setup string, fn func(connections []*Tx) error) error {
	return f.Do(ctx, func(conn *sql.Conn) error {
		connections := []*Tx{{conn: conn, catalog: f.Catalog}}
		for len(connections) < n {
			another, err := f.pool.Conn(ctx)
			if err != nil {
				return fmt.Errorf("connect: %w", err)
			}
			defer discard(another)
			connections = append(connections, &Tx{conn: another, catalog: f.Catalog})
		}
		for _, c := range connections {
			if err := c.Exec(ctx, setup); err != nil {
				return err
			}
		}
		return withThreads(ctx, f.pool, 1, func() error { return fn(connections) })
	})
}

// discard closes a connection for good: the pool would lend it out again with
// its temporary tables and settings.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = conn.Close() // says that it is closed already
}
