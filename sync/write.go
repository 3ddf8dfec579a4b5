package sync

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"rollcall/connectors"
	"rollcall/internal/warehouse"
)

// writeGone appends tombstones that repeat the data of stored versions: one
// scan of the key hashes for all of a batch.
func writeGone(ctx context.Context, tx *warehouse.Tx, id streamID, runID int64, p *plan) error {
	const part = 50_000
	for low := 0; low < len(p.gone); low += part {
		gone := p.gone[low:min(low+part, len(p.gone))]
		keys, versions, times := make([]uint64, len(gone)), make([]int64, len(gone)), make([]int64, len(gone))
		for i, g := range gone {
			keys[i], versions[i], times[i] = g.key, g.from, noTime
			if !g.at.IsZero() {
				times[i] = g.at.UnixMicro()
			}
		}
		table := "raw." + warehouse.Ident(id.table())
		query := `insert into ` + table + `
			select t.instance, t.key, t.data, true, t.version + 1, make_timestamp(nullif(g.at, ?)), ?, ?, t.key_hash, 0, 0
			from ` + table + ` as t
			inner join (select unnest(?::ubigint[]) as key_hash, unnest(?::bigint[]) as version, unnest(?::bigint[]) as at) as g
				on t.key_hash = g.key_hash and t.version = g.version
			where t.instance = ?`
		if err := tx.Exec(ctx, query, noTime, microseconds(p.now), runID, keys, versions, times, id.instance); err != nil {
			return fmt.Errorf("write tombstones: %w", err)
		}
	}
	return nil
}

// noTime stands for a tombstone without a time of its own.
const noTime = int64(-1) << 62

func writeRejects(ctx context.Context, tx *warehouse.Tx, id streamID, runID int64, p *plan) error {
	for _, key := range p.cured {
		if err := tx.Exec(ctx, "delete from ops.rejected_record"+whereStream+" and key = ?", id.args(key)...); err != nil {
			return err
		}
	}
	for _, r := range p.rejects {
		if r.key != "" {
			if err := tx.Exec(ctx, "delete from ops.rejected_record"+whereStream+" and key = ?", id.args(r.key)...); err != nil {
				return err
			}
		}
		if err := tx.Exec(ctx, "insert into ops.rejected_record values (?, ?, ?, ?, ?, ?, ?, ?::ubigint, ?, ?)",
			id.args(r.key, r.reason, r.size, r.sample, strconv.FormatUint(r.content, 10), runID, microseconds(p.now))...); err != nil {
			return fmt.Errorf("keep a rejected record: %w", err)
		}
	}
	return nil
}

// loadRejected returns the rejects kept of a stream by key hash.
func loadRejected(ctx context.Context, db *warehouse.DB, id streamID) (map[uint64]uint64, error) {
	rows, err := db.SQL().QueryContext(ctx, "select key, content_hash from lake.ops.rejected_record"+whereStream, id.args()...)
	if err != nil {
		return nil, fmt.Errorf("load the rejects of %s: %w", id, err)
	}
	defer rows.Close()
	rejected := map[uint64]uint64{}
	for rows.Next() {
		var r reject
		if err := rows.Scan(&r.key, &r.content); err != nil {
			return nil, fmt.Errorf("load the rejects of %s: %w", id, err)
		}
		rejected[r.id()] = r.content
	}
	return rejected, rows.Err()
}

func loadFields(ctx context.Context, db *warehouse.DB, id streamID) (*fields, error) {
	f := newFields()
	rows, err := db.SQL().QueryContext(ctx, "select path, json_type from lake.ops.field"+whereStream, id.args()...)
	if err != nil {
		return nil, fmt.Errorf("load the fields of %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var path, jsonType string
		if err := rows.Scan(&path, &jsonType); err != nil {
			return nil, fmt.Errorf("load the fields of %s: %w", id, err)
		}
		f.learn(connectors.SplitPath(path), jsonType)
	}
	return f, rows.Err()
}

func writeFields(ctx context.Context, tx *warehouse.Tx, id streamID, runID int64, now time.Time, found []foundField) error {
	for _, f := range found {
		if err := tx.Exec(ctx, "insert into ops.field values (?, ?, ?, ?, ?, ?)", id.args(f.path, f.jsonType, microseconds(now))...); err != nil {
			return err
		}
		if f.change == "" {
			continue
		}
		if err := tx.Exec(ctx, "insert into ops.schema_change values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			id.args(f.path, f.change, f.jsonType, f.sampleKey, runID, microseconds(now))...); err != nil {
			return err
		}
	}
	return nil
}

// ensureTable makes a stream's raw table if it is not there. DuckDB wants
// schema changes in a transaction of their own.
func ensureTable(ctx context.Context, db *warehouse.DB, id streamID) error {
	var found string
	err := db.SQL().QueryRowContext(ctx, `select table_name from duckdb_tables()
		where database_name = 'lake' and schema_name = 'raw' and table_name = ?`, id.table()).Scan(&found)
	if err == nil {
		return nil
	}
	if err != sql.ErrNoRows {
		return err
	}
	return db.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		return tx.Exec(ctx, "create table if not exists raw."+warehouse.Ident(id.table())+` (
			instance varchar, key varchar, data varchar, is_deleted boolean, version bigint, changed_at timestamp,
			synced_at timestamp, run_id bigint, key_hash ubigint, content_hash ubigint, sample_hash ubigint)`)
	})
}
