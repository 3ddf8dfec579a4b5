package sync

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	gosync "sync"

	"rollcall/connectors"
	"rollcall/internal/warehouse"
)

// A Suppression knows who was erased. Its methods may be called from several
// goroutines.
type Suppression interface {
	// Keep gives what of a record may be stored; false: nothing. Data are valid
	// JSON or empty, and stay as they are: what is kept of them is new.
	Keep(typ, instance, stream, key string, data []byte) (kept []byte, isKept bool)
	// CutText masks what was erased in a text.
	CutText(text string) (cut string, found bool)
}

// erased is the suppression that runs hold to; it is empty where nobody was
// erased.
type erased struct {
	mu   gosync.RWMutex // held for reading while a batch is stored, for writing while somebody is erased
	list Suppression
}

// keep takes out of a record what was erased; false: it is not to be stored.
func (e *erased) keep(id streamID, r *connectors.Record) bool {
	if e.list == nil {
		return true
	}
	kept, isKept := e.list.Keep(id.typ, id.instance, id.stream, r.Key, r.Data)
	if isKept {
		r.Data = kept
	}
	return isKept
}

// hides reports whether a record of the key is not to be stored, nor told of.
func (e *erased) hides(id streamID, key string) bool {
	if e.list == nil {
		return false
	}
	_, isKept := e.list.Keep(id.typ, id.instance, id.stream, key, nil)
	return !isKept
}

func (e *erased) cut(text string) string {
	if e.list == nil {
		return text
	}
	cut, _ := e.list.CutText(text)
	return cut
}

// Suppress has runs hold to a suppression from the next batch on.
func (e *Engine) Suppress(list Suppression) {
	e.erased.mu.Lock()
	defer e.erased.mu.Unlock()
	e.erased.list = list
}

// Erase takes what a suppression knows out of all that was stored of records:
// versions, rejects, samples and reasons. No batch is stored meanwhile, and runs
// hold to the suppression from then on. Twice is as good as once. It returns how
// many rows it deleted and how many it cut, by table of the lake.
func (e *Engine) Erase(ctx context.Context, list Suppression) (deleted, cut map[string]int64, err error) {
	e.erased.mu.Lock()
	defer e.erased.mu.Unlock()
	e.erased.list = list
	x := &erasing{engine: e, list: list, deleted: map[string]int64{}, cut: map[string]int64{}}
	streams, err := x.streams(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range streams {
		if err := x.eraseStream(ctx, id); err != nil {
			return nil, nil, fmt.Errorf("erase from raw.%s of %s: %w", id.table(), id.instance, err)
		}
	}
	if err := x.eraseOps(ctx); err != nil {
		return nil, nil, fmt.Errorf("erase from the run log: %w", err)
	}
	return x.deleted, x.cut, nil
}

// An erasing is one pass over what is stored.
type erasing struct {
	engine       *Engine
	list         Suppression
	deleted, cut map[string]int64
}

// streams lists every stream of every instance that has a raw table.
func (x *erasing) streams(ctx context.Context) (ids []streamID, err error) {
	rows, err := x.engine.opts.DB.SQL().QueryContext(ctx, `select c.type, c.instance, c.stream from lake.ops.cursor as c
		inner join duckdb_tables() as t on t.database_name = 'lake' and t.schema_name = 'raw' and t.table_name = c.type || '__' || c.stream
		order by 1, 2, 3`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id streamID
		if err := rows.Scan(&id.typ, &id.instance, &id.stream); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// hasherOf hashes as the stream's runs do.
func (x *erasing) hasherOf(id streamID) hasher {
	if c, found := x.engine.config().Connector(id.instance); found && c.Type == id.typ {
		if stream, found := c.Spec.Stream(id.stream); found {
			return newHasher(stream.Volatile)
		}
	}
	return newHasher(nil)
}

// eraseStream reads every version, and replaces those that change.
func (x *erasing) eraseStream(ctx context.Context, id streamID) error {
	table := "raw." + warehouse.Ident(id.table())
	return x.engine.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		if err := tx.Exec(ctx, "create or replace temp table erased (key varchar, version bigint, data varchar, content_hash ubigint, sample_hash ubigint, is_kept boolean)"); err != nil {
			return err
		}
		var deleted, cut int64
		err := tx.AppendTemp("erased", func(row func(...driver.Value) error) (err error) {
			deleted, cut, err = x.changed(ctx, id, row)
			return err
		})
		if err != nil || deleted+cut == 0 {
			return err
		}
		for _, statement := range []string{
			"create or replace temp table erased_version as select t.* replace (e.data as data, e.content_hash as content_hash, e.sample_hash as sample_hash) from " +
				table + " as t inner join temp.erased as e on e.key = t.key and e.version = t.version where e.is_kept and t.instance = " + warehouse.Literal(id.instance),
			"delete from " + table + " as t using temp.erased as e where e.key = t.key and e.version = t.version and t.instance = " + warehouse.Literal(id.instance),
			"insert into " + table + " select * from temp.erased_version",
			"drop table temp.erased", "drop table temp.erased_version",
		} {
			if err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		add(x.deleted, "raw."+id.table(), deleted)
		add(x.cut, "raw."+id.table(), cut)
		return x.recount(ctx, tx, id)
	})
}

// changed hands over the versions that are not as they may be. A tombstone's
// hashes are those of no data.
func (x *erasing) changed(ctx context.Context, id streamID, row func(...driver.Value) error) (deleted, cut int64, err error) {
	rows, err := x.engine.opts.DB.SQL().QueryContext(ctx, "select key, version, coalesce(data, ''), content_hash, sample_hash from lake.raw."+warehouse.Ident(id.table())+" where instance = ?", id.instance)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	hasher := x.hasherOf(id)
	for rows.Next() {
		var key string
		var data sql.RawBytes
		var version int64
		var content, sample uint64
		if err := rows.Scan(&key, &version, &data, &content, &sample); err != nil {
			return deleted, cut, err
		}
		kept, isKept := x.list.Keep(id.typ, id.instance, id.stream, key, data)
		switch {
		case !isKept:
			deleted++
			err = row(key, version, nil, content, sample, false)
		case len(kept) != len(data) || string(kept) != string(data):
			cut++
			if content != tombstone {
				content, sample = hasher.hash(kept)
			}
			err = row(key, version, string(kept), content, sample, true)
		}
		if err != nil {
			return deleted, cut, err
		}
	}
	return deleted, cut, rows.Err()
}

// recount sets how many keys of the stream are live and how many are gone.
func (x *erasing) recount(ctx context.Context, tx *warehouse.Tx, id streamID) error {
	if err := tx.Exec(ctx, `create or replace temp table recounted as
		select c.* replace (k.live as live_count, k.gone as deleted_count) from ops.cursor as c,
			(select count(*) filter (where not l.is_deleted) as live, count(*) filter (where l.is_deleted) as gone
			from (select arg_max(is_deleted, version) as is_deleted from raw.`+warehouse.Ident(id.table())+" where instance = ? group by key) as l) as k"+
		strings.Replace(whereStream, "type", "c.type", 1), append([]any{id.instance}, id.args()...)...); err != nil {
		return err
	}
	return errors.Join(
		tx.Exec(ctx, "delete from ops.cursor"+whereStream, id.args()...),
		tx.Exec(ctx, "insert into ops.cursor select * from temp.recounted"),
		tx.Exec(ctx, "drop table temp.recounted"))
}

func add(into map[string]int64, table string, rows int64) {
	if rows > 0 {
		into[table] += rows
	}
}
