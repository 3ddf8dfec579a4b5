package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// write fills the folder of the release, manifest last.
func (p *publication) write(ctx context.Context) error {
	began := p.builder.opts.Now()
	if err := errors.Join(p.mark(ctx), p.describeContent(ctx)); err != nil {
		return err
	}
	writeDatabase := p.copyDatabase
	if !p.builder.opts.Config.Publish.PersonLevel {
		writeDatabase = p.writeWithoutPeople
	}
	if err := writeDatabase(ctx); err != nil {
		return err
	}
	if err := p.addFile(publishedFile, 0); err != nil {
		return err
	}
	p.builder.opts.Events(Event{Step: "copy", Name: publishedFile, Done: 1, Total: 1, Took: p.builder.opts.Now().Sub(began)})
	if err := p.exportParquet(ctx); err != nil {
		return err
	}
	return p.writeManifest()
}

// copyDatabase copies the marts as they are, in a child process: opening and
// closing a live database file in this one would drop DuckDB's lock on it.
func (p *publication) copyDatabase(ctx context.Context) error {
	return p.builder.opts.DB.Marts.Copy(ctx, filepath.Join(p.unfinished(), publishedFile))
}

// exportParquet writes one file per table of schema kpi, and per table that the
// configuration names.
func (p *publication) exportParquet(ctx context.Context) error {
	for _, table := range p.manifest.Tables {
		schema, name, _ := strings.Cut(table.Name, ".")
		if schema != "kpi" && !slices.Contains(p.builder.opts.Config.Publish.Parquet, table.Name) {
			continue
		}
		relative := path.Join("parquet", schema, name+".parquet")
		if err := p.share(filepath.Join(p.unfinished(), "parquet", schema)); err != nil {
			return err
		}
		query := fmt.Sprintf("copy (select * from marts.%s) to %s (format parquet, compression zstd)",
			table.Name, literal(filepath.Join(p.unfinished(), filepath.FromSlash(relative))))
		if _, err := p.builder.opts.DB.SQL().ExecContext(ctx, query); err != nil {
			return fmt.Errorf("export %s: %w", table.Name, err)
		}
		if err := p.addFile(relative, table.Rows); err != nil {
			return err
		}
		p.builder.opts.Events(Event{Step: "export", Name: table.Name})
	}
	return nil
}

// checkExports wants the tables that are to be exported to be there.
func (b *Builder) checkExports(context.Context, *sql.Conn) []error {
	var names []string
	for _, m := range b.models {
		if m.Schema == "core" || m.Schema == "mart" {
			names = append(names, m.name())
		}
	}
	slices.Sort(names)
	var errs []error
	for _, name := range b.opts.Config.Publish.Parquet {
		if !slices.Contains(names, name) {
			errs = append(errs, fmt.Errorf("publish: parquet: there is no table %s; known are %s", name, strings.Join(names, ", ")))
		}
	}
	return errs
}

// releaseCatalog is the name under which a release without people is attached
// while it is written.
const releaseCatalog = "release_file"

// writeWithoutPeople writes the published schemas table by table into a new
// file: what was dropped from a copy would stay in its free pages.
func (p *publication) writeWithoutPeople(ctx context.Context) (err error) {
	conn, err := p.builder.opts.DB.SQL().Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, releaseStaging(conn)) }()
	path := filepath.Join(p.unfinished(), publishedFile)
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("attach %s as %s (storage_version 'latest')", literal(path), releaseCatalog)); err != nil {
		return err
	}
	err = p.fillRelease(ctx, conn)
	if err == nil {
		_, err = conn.ExecContext(ctx, "checkpoint "+releaseCatalog)
	}
	for _, statement := range []string{"reset search_path", "detach " + releaseCatalog} {
		_, closeErr := conn.ExecContext(context.WithoutCancel(ctx), statement)
		err = errors.Join(err, closeErr)
	}
	return err
}

func (p *publication) fillRelease(ctx context.Context, conn *sql.Conn) error {
	schemas := p.publishedSchemas()
	var statements []string
	for _, schema := range schemas {
		statements = append(statements, fmt.Sprintf("create schema %s.%s", releaseCatalog, schema))
	}
	for _, table := range p.manifest.Tables {
		statements = append(statements, fmt.Sprintf("create table %s.%s as select * from marts.%s", releaseCatalog, table.Name, table.Name))
	}
	statements = append(statements, fmt.Sprintf("set search_path = '%[1]s.main,%[1]s.ref'", releaseCatalog))
	statements = append(statements, splitStatements(p.builder.prelude)...)
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return p.copyComments(ctx, conn, schemas)
}

// copyComments sets the marts' comments on the tables of the release.
func (p *publication) copyComments(ctx context.Context, conn *sql.Conn, schemas []string) error {
	rows, err := conn.QueryContext(ctx, `select schema_name, table_name, null as column_name, comment from duckdb_tables() where database_name = 'marts'
union all select schema_name, table_name, column_name, comment from duckdb_columns() where database_name = 'marts'`)
	if err != nil {
		return err
	}
	var statements []string
	for rows.Next() {
		var schema, table string
		var column, text sql.NullString
		if err := rows.Scan(&schema, &table, &column, &text); err != nil {
			return errors.Join(err, rows.Close())
		}
		if !text.Valid || !slices.Contains(schemas, schema) {
			continue
		}
		name := releaseCatalog + "." + ident(schema) + "." + ident(table)
		if column.Valid {
			statements = append(statements, fmt.Sprintf("comment on column %s.%s is %s", name, ident(column.String), literal(text.String)))
		} else {
			statements = append(statements, fmt.Sprintf("comment on table %s is %s", name, literal(text.String)))
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
