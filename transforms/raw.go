package transforms

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"rollcall/internal/warehouse"
)

func ident(name string) string           { return warehouse.Ident(name) }
func literal(text string) string         { return warehouse.Literal(text) }
func rawTable(typ, stream string) string { return typ + "__" + stream }

// A stream is one raw stream of a configured connector type, with the
// structure that its records are parsed by.
type stream struct {
	Type, Name string
	Instances  []string
	fields     *field
}

func (s *stream) table() string { return rawTable(s.Type, s.Name) }

// StreamCount says what parsing a stream found.
type StreamCount struct {
	Type, Stream   string
	Records        int64 // live and deleted
	LeftOut        int64 // records without a required field
	RejectedValues int64
	rejected       []rejectedValue
}

type rejectedValue struct {
	Instance, Path, JSONType, SampleKey string
	Count                               int64
}

// declareRaw makes the stream's table as staging sees it, empty, so that
// staging selects can be described before anything is stored.
func (s *stream) declareRaw(ctx context.Context, conn *sql.Conn) error {
	return s.createRaw(ctx, conn, `(select null::varchar as instance, null::varchar as key, null::varchar as data,
    null::timestamp as synced_at, null::timestamp as first_seen_at, null::timestamp as deleted_at where false)`)
}

// parseRaw parses the latest version of every record of the configured
// instances once, counts what the declared types lose, and leaves out records
// without a required field.
func (s *stream) parseRaw(ctx context.Context, conn *sql.Conn) (*StreamCount, error) {
	count := &StreamCount{Type: s.Type, Stream: s.Name}
	stored, err := tableExists(ctx, conn, warehouse.LakeCatalog, "raw", s.table())
	if err != nil {
		return nil, err
	}
	if !stored || len(s.Instances) == 0 {
		return count, s.declareRaw(ctx, conn)
	}
	if err := s.createRaw(ctx, conn, s.latest()); err != nil {
		return nil, fmt.Errorf("parse raw.%s: %w", s.table(), err)
	}
	if err := s.countFaults(ctx, conn, count); err != nil {
		return nil, fmt.Errorf("count rejected values of raw.%s: %w", s.table(), err)
	}
	return count, s.leaveOut(ctx, conn, count)
}

// latest selects each record's newest version; a tombstone has the data it
// last had.
func (s *stream) latest() string {
	var names []string
	for _, name := range s.Instances {
		names = append(names, literal(name))
	}
	return fmt.Sprintf(`(select r.instance, r.key, r.data, r.synced_at, f.first_seen_at,
        case when r.is_deleted then r.synced_at end as deleted_at
    from lake.raw.%[1]s as r
    inner join (
        select instance, key, max(version) as version, min(synced_at) as first_seen_at
        from lake.raw.%[1]s
        where instance in (%[2]s)
        group by instance, key
    ) as f on f.instance = r.instance and f.key = r.key and f.version = r.version)`,
		ident(s.table()), strings.Join(names, ", "))
}

func (s *stream) createRaw(ctx context.Context, conn *sql.Conn, from string) error {
	_, err := conn.ExecContext(ctx, fmt.Sprintf(`create or replace table work.raw.%s as
select %s || ':' || r.instance || ':' || %s || ':' || r.key as record, r.instance, r.key,
    from_json(r.data, %s) as j, r.data, r.synced_at, r.first_seen_at, r.deleted_at
from %s as r`, ident(s.table()), literal(s.Type), literal(s.Name), literal(s.fields.structure()), from))
	return err
}

// countFaults parses a second time with untyped members and compares leaf by
// leaf.
func (s *stream) countFaults(ctx context.Context, conn *sql.Conn, count *StreamCount) (err error) {
	if err := conn.QueryRowContext(ctx, "select count(*) from work.raw."+ident(s.table())).Scan(&count.Records); err != nil {
		return err
	}
	probes := s.fields.probes()
	var columns, unions []string
	for i, p := range probes {
		columns = append(columns, fmt.Sprintf("cast(%s as bigint) as f%d, %s as y%d", p.Faults, i, p.JSONType, i))
		unions = append(unions, fmt.Sprintf(
			"select %s as path, instance, coalesce(y%[2]d, '') as json_type, cast(sum(f%[2]d) as bigint) as faults, min(key) as sample_key from probed where f%[2]d > 0 group by instance, y%[2]d",
			literal(p.Path), i))
	}
	query := fmt.Sprintf(`with
parsed as (
    select instance, key, j as t, from_json(data, %s) as k from work.raw.%s
),

probed as materialized (
    select instance, key, %s from parsed
)

select path, instance, json_type, faults, sample_key from (%s) order by all`,
		literal(s.fields.shallow()), ident(s.table()), strings.Join(columns, ",\n        "), strings.Join(unions, "\nunion all "))
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = closing(rows, err) }()
	for rows.Next() {
		var r rejectedValue
		if err := rows.Scan(&r.Path, &r.Instance, &r.JSONType, &r.Count, &r.SampleKey); err != nil {
			return err
		}
		count.rejected = append(count.rejected, r)
		count.RejectedValues += r.Count
	}
	return rows.Err()
}

func closing(rows *sql.Rows, err error) error {
	if closeErr := rows.Close(); err == nil {
		return closeErr
	}
	return err
}

// leaveOut deletes the records that lack a required field.
func (s *stream) leaveOut(ctx context.Context, conn *sql.Conn, count *StreamCount) error {
	var missing []string
	for _, typed := range s.fields.required() {
		missing = append(missing, strings.Replace(typed, "t.", "j.", 1)+" is null")
	}
	if len(missing) == 0 {
		return nil
	}
	result, err := conn.ExecContext(ctx, fmt.Sprintf("delete from work.raw.%s where %s", ident(s.table()), strings.Join(missing, " or ")))
	if err != nil {
		return fmt.Errorf("leave out records of raw.%s: %w", s.table(), err)
	}
	count.LeftOut, err = result.RowsAffected()
	return err
}

func tableExists(ctx context.Context, conn *sql.Conn, catalog, schema, table string) (bool, error) {
	var found bool
	err := conn.QueryRowContext(ctx, `select count(*) > 0 from duckdb_tables()
where database_name = ? and schema_name = ? and table_name = ?`, catalog, schema, table).Scan(&found)
	return found, err
}
