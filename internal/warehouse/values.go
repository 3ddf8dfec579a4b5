package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
)

// Values runs a select and hands each row to fn as the driver made it, which
// takes a third of the time of database/sql's scanning. The slice is used
// again for the next row.
func (db *DB) Values(ctx context.Context, query string, fn func(row []driver.Value) error) (err error) {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return values(ctx, conn, query, fn)
}

// Values is [DB.Values] inside the transaction.
func (tx *Tx) Values(ctx context.Context, query string, fn func(row []driver.Value) error) error {
	return values(ctx, tx.conn, query, fn)
}

func values(ctx context.Context, conn *sql.Conn, query string, fn func(row []driver.Value) error) error {
	return conn.Raw(func(raw any) (err error) {
		rows, err := raw.(driver.QueryerContext).QueryContext(ctx, query, nil)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		row := make([]driver.Value, len(rows.Columns()))
		for {
			if err := rows.Next(row); err != nil {
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
			if err := fn(row); err != nil {
				return err
			}
		}
	})
}
