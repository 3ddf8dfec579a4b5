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
	declared   string // the fields as written
	fields     *field
}

func (s *stream) table() string { return rawTable(s.Type, s.Name) }

// StreamCount says what parsing a stream found.
type StreamCount struct {
	Type, Stream   string
	Records        int64 // live and deleted
	LeftOut        int64 // records without a required field
	RejectedValues int64
}

// declareRaw makes the stream's table as staging sees it, empty, so that
// staging selects can be described before anything is stored.
func (s *stream) declareRaw(ctx context.Context, conn *sql.Conn) error {
	return s.createRaw(ctx, conn, `(select null::varchar as instance, null::varchar as key, null::varchar as data,
    null::timestamp as synced_at, null::timestamp as first_seen_at, null::timestamp as deleted_at where false)`)
}

// parseRaw parses the latest version of every record that the plan asks for,
// notes what the declared types lose, and leaves out records without a
// required field. Instances that are no longer configured keep their records.
func (s *stream) parseRaw(ctx context.Context, conn *sql.Conn, p *stagingPlan) error {
	stored, err := tableExists(ctx, conn, warehouse.LakeCatalog, "raw", s.table())
	if err != nil {
		return err
	}
	if !stored || !p.changed(s) {
		return s.declareRaw(ctx, conn)
	}
	if err := s.createRaw(ctx, conn, s.latest(p.full[s])); err != nil {
		return fmt.Errorf("parse raw.%s: %w", s.table(), err)
	}
	if !p.full[s] {
		if _, err := conn.ExecContext(ctx, "insert into work.staged.record select record from work.raw."+ident(s.table())); err != nil {
			return err
		}
	}
	if err := s.noteFaults(ctx, conn); err != nil {
		return fmt.Errorf("count rejected values of raw.%s: %w", s.table(), err)
	}
	return s.leaveOut(ctx, conn)
}

// latest selects each record's newest version, of all records or of those that
// a changed run touched; a tombstone has the data it last had, and went when the
// source says so, else when it was found gone.
func (s *stream) latest(whole bool) string {
	touched := ""
	if !whole {
		touched = fmt.Sprintf(`
        where exists (
            select 1 from lake.raw.%[1]s as x
            inner join work.staged.changed as c
                on c.type = %[2]s and c.stream = %[3]s and c.instance = x.instance and c.run_id = x.run_id
            where x.instance = a.instance and x.key = a.key
        )`, ident(s.table()), literal(s.Type), literal(s.Name))
	}
	return fmt.Sprintf(`(select r.instance, r.key, r.data, r.synced_at, f.first_seen_at,
        case when r.is_deleted then least(r.changed_at, r.synced_at) end as deleted_at
    from lake.raw.%[1]s as r
    inner join (
        select a.instance, a.key, max(a.version) as version, min(a.synced_at) as first_seen_at
        from lake.raw.%[1]s as a%[2]s
        group by a.instance, a.key
    ) as f on f.instance = r.instance and f.key = r.key and f.version = r.version)`, ident(s.table()), touched)
}

func (s *stream) createRaw(ctx context.Context, conn *sql.Conn, from string) error {
	_, err := conn.ExecContext(ctx, fmt.Sprintf(`create or replace table work.raw.%s as
select %s || ':' || r.instance || ':' || %s || ':' || r.key as record, r.instance, r.key,
    from_json(r.data, %s) as j, r.data, r.synced_at, r.first_seen_at, r.deleted_at
from %s as r`, ident(s.table()), literal(s.Type), literal(s.Name), literal(s.fields.structure()), from))
	return err
}

// noteFaults parses a second time with untyped members and compares leaf by
// leaf.
func (s *stream) noteFaults(ctx context.Context, conn *sql.Conn) error {
	var columns, unions []string
	for i, p := range s.fields.probes() {
		columns = append(columns, fmt.Sprintf("cast(%s as bigint) as f%d, %s as y%d", p.Faults, i, p.JSONType, i))
		unions = append(unions, fmt.Sprintf(
			"select record, %s as type, %s as stream, instance, key, %s as path, coalesce(y%[4]d, '') as json_type, f%[4]d as faults, false as is_left_out from probed where f%[4]d > 0",
			literal(s.Type), literal(s.Name), literal(p.Path), i))
	}
	_, err := conn.ExecContext(ctx, fmt.Sprintf(`insert into work.staged.fault
with
parsed as (
    select record, instance, key, j as t, from_json(data, %s) as k from work.raw.%s
),

probed as materialized (
    select record, instance, key, %s from parsed
)

%s`,
		literal(s.fields.shallow()), ident(s.table()), strings.Join(columns, ",\n        "), strings.Join(unions, "\nunion all ")))
	return err
}

func closing(rows *sql.Rows, err error) error {
	if closeErr := rows.Close(); err == nil {
		return closeErr
	}
	return err
}

// leaveOut deletes the records that lack a required field, and notes them.
func (s *stream) leaveOut(ctx context.Context, conn *sql.Conn) error {
	var missing []string
	for _, typed := range s.fields.required() {
		missing = append(missing, strings.Replace(typed, "t.", "j.", 1)+" is null")
	}
	if len(missing) == 0 {
		return nil
	}
	table, condition := "work.raw."+ident(s.table()), strings.Join(missing, " or ")
	for _, statement := range []string{
		fmt.Sprintf("insert into work.staged.fault select record, %s, %s, instance, key, '', '', 0, true from %s where %s", literal(s.Type), literal(s.Name), table, condition),
		fmt.Sprintf("delete from %s where %s", table, condition),
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("leave out records of raw.%s: %w", s.table(), err)
		}
	}
	return nil
}

func tableExists(ctx context.Context, conn *sql.Conn, catalog, schema, table string) (bool, error) {
	var found bool
	err := conn.QueryRowContext(ctx, `select count(*) > 0 from duckdb_tables()
where database_name = ? and schema_name = ? and table_name = ?`, catalog, schema, table).Scan(&found)
	return found, err
}
