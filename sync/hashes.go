package sync

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"rollcall/internal/warehouse"
)

// loadContents reads the hashes of everything stored of one stream.
func loadContents(ctx context.Context, db *warehouse.DB, id streamID, sampled bool) (*contents, error) {
	var expected int64
	err := db.SQL().QueryRowContext(ctx, "select approx_count_distinct(key_hash)"+fromStored(id)).Scan(&expected)
	if err != nil {
		return nil, fmt.Errorf("count what is stored of %s: %w", id, err)
	}
	c, err := newContents(expected, sampled)
	if err != nil {
		return nil, err
	}
	columns := "key_hash, content_hash, version"
	if sampled {
		columns += ", sample_hash, epoch(synced_at)::bigint // 86400"
	}
	if err := scanStored(ctx, db, id, columns, c.load); err != nil {
		c.close()
		return nil, fmt.Errorf("load the hashes of %s: %w", id, err)
	}
	return c, nil
}

func fromStored(id streamID) string {
	return " from lake.raw." + warehouse.Ident(id.table()) + " where instance = " + warehouse.Literal(id.instance)
}

// scanStored hands fn every stored row of a stream, in slices: the driver
// holds a whole result in memory.
func scanStored(ctx context.Context, db *warehouse.DB, id streamID, columns string, fn func(row []driver.Value) error) error {
	var last sql.NullInt64
	if err := db.SQL().QueryRowContext(ctx, "select max(rowid)"+fromStored(id)).Scan(&last); err != nil {
		return err
	}
	const slice = 1 << 20
	for low := int64(0); last.Valid && low <= last.Int64; low += slice {
		query := fmt.Sprintf("select %s%s and rowid >= %d and rowid < %d", columns, fromStored(id), low, low+slice)
		if err := db.Values(ctx, query, fn); err != nil {
			return err
		}
	}
	return nil
}

// load takes over one stored row if it is the latest of its key so far.
func (c *contents) load(row []driver.Value) error {
	key, v := row[0].(uint64), version{content: row[1].(uint64), number: row[2].(int64)}
	if c.sampled {
		v.sample, v.day = row[3].(uint64), uint16(row[4].(int64))
	}
	if known, found := c.get(key); found && known.number >= v.number {
		return nil
	}
	return c.put(key, v)
}
