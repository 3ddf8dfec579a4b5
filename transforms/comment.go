package transforms

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"rollcall/internal/warehouse"
	"rollcall/transforms/kpi"
)

// comment sets the comments of a table and its columns. Every column must be
// described, and nothing that is no column: `create or replace table` drops
// comments, so they are set in the transaction that makes the table.
func comment(ctx context.Context, tx *warehouse.Tx, table string, d doc) error {
	described := tables{tx}
	columns, err := described.Columns(ctx, "select * from "+table)
	if err != nil {
		return err
	}
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
		if d.Columns[c.Name] == "" {
			return fmt.Errorf("column %s has no line `-- %s: what it is` in the first comment", c.Name, c.Name)
		}
	}
	for _, name := range sortedKeys(d.Columns) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("the first comment describes %s, which is no column", name)
		}
	}
	statements := []string{fmt.Sprintf("comment on table %s is %s", table, literal(d.Table))}
	for _, name := range names {
		statements = append(statements, fmt.Sprintf("comment on column %s.%s is %s", table, ident(name), literal(d.Columns[name])))
	}
	return tx.Exec(ctx, strings.Join(statements, ";\n"))
}

// outputDocs describe the tables that Go writes.
func (b *Builder) outputDocs() map[string]doc {
	docs := map[string]doc{
		"kpi.build": {Table: "One row: the build that made these tables.", Columns: map[string]string{
			"build_id": "id of the build", "started_at": "when it began, UTC", "finished_at": "when its checks were done, UTC",
			"status": "unfinished (begun, and not all of it is of this build), built (not checked), passed or failed", "config": "settings that values depend on, JSON",
			"watermarks": "ranges of event time complete per stream, JSON",
		}},
		"kpi.release": {Table: "One row: which release this file is. A session keeps the release it opened.", Columns: map[string]string{
			"build_id": "the published build", "released_at": "when it was published, UTC",
		}},
		"checks.result": {Table: "One row per check of this build.", Columns: map[string]string{
			"build_id": "id of the build", "check_id": "the check: sql/checks/<check_id>.sql", "severity": "fail stops publication, warn is reported",
			"failing_rows": "offending rows", "sample": "the first of them, JSON",
		}},
		"checks.model": {Table: "One row per model: what the build did with it, and what it was made of, so that the next build knows what it may keep.", Columns: map[string]string{
			"model": "the table", "action": "skip, slice or whole", "reason": "why", "version": "the build that last changed a row",
			"fingerprint": "SHA-256 of its text with the macros, parameters and settings that it reads", "inputs": "version of each table that it reads, JSON",
		}},
		"checks.stream": {Table: "One row per raw stream: what parsing it found.", Columns: map[string]string{
			"type": "connector type", "stream": "stream", "records": "records, deleted ones included",
			"left_out": "records without a required field, not staged", "rejected_values": "values that are present but not of the declared type",
		}},
	}
	for _, t := range kpi.Tables(b.kpis) {
		d := doc{Table: t.Comment, Columns: map[string]string{}}
		for _, c := range t.Columns {
			d.Columns[c[0]] = c[1]
		}
		docs["kpi."+t.Name] = d
	}
	return docs
}

func (b *Builder) commentOutputs(ctx context.Context, tx *warehouse.Tx, _ *Build) error {
	docs := b.outputDocs()
	for _, name := range b.outputTables() {
		if err := comment(ctx, tx, "marts."+name, docs[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

var exportedType = regexp.MustCompile(`^(BOOLEAN|INTEGER|BIGINT|DOUBLE|VARCHAR|DATE|TIMESTAMP|DECIMAL\(([1-9]|1[0-8]),[0-9]+\))$`)

// casts are what to write where a type would be lossy or unreadable in a
// published file.
func casts() map[string]string {
	return map[string]string{
		"HUGEINT": "cast(… as bigint)", "TINYINT": "cast(… as integer)", "SMALLINT": "cast(… as integer)", "FLOAT": "cast(… as double)",
		"UBIGINT": "cast(… as bigint)", "UUID": "cast(… as varchar)", "JSON": "cast(… as varchar)",
		"TIMESTAMP WITH TIME ZONE": "… at time zone 'UTC'", "TIMESTAMP_NS": "cast(… as timestamp)",
	}
}

// checkTypes refuses columns of a type that published files may not have.
func (b *Builder) checkTypes(ctx context.Context, tx *warehouse.Tx, _ *Build) error {
	rows, err := tx.Query(ctx, `select schema_name || '.' || table_name, column_name, data_type from duckdb_columns()
where database_name = 'marts' order by 1, column_index`)
	if err != nil {
		return err
	}
	var errs []error
	for rows.Next() {
		var table, column, dataType string
		if err := rows.Scan(&table, &column, &dataType); err != nil {
			return errors.Join(err, rows.Close())
		}
		if exportedType.MatchString(dataType) {
			continue
		}
		advice := casts()[dataType]
		if advice == "" {
			advice = "a scalar of a published type"
		}
		errs = append(errs, fmt.Errorf("%s: column %s is %s, which no published file may hold: write %s",
			strings.Replace(table, ".", "/", 1)+".sql", column, dataType, advice))
	}
	return errors.Join(append(errs, rows.Err(), rows.Close())...)
}
