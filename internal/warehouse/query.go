package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/tidwall/gjson"
)

// tableFunctions are those a user's query may call: they read nothing but
// their arguments and the catalog.
var tableFunctions = []string{"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree",
	"duckdb_tables", "duckdb_columns", "duckdb_views", "duckdb_schemas", "pragma_table_info"}

// catalogLists are what SHOW may list; the parser quotes their names.
var catalogLists = []string{`"tables"`, `"databases"`, `"schemas"`}

// refusedFunctions read what lies outside the database, or change it.
var refusedFunctions = []string{"getenv", "getvariable", "nextval", "currval", "current_setting", "which_secret",
	"read_text", "read_blob", "write_log", "add_parquet_key", "set_bit_seed", "setseed", "force_checkpoint", "checkpoint"}

// CheckSelect accepts a user's SQL if it is one select that reads nothing but
// tables and views of the open files, and else says what is wrong.
func (db *DB) CheckSelect(ctx context.Context, query string) error {
	return checkSelect(ctx, db.sql, query)
}

func checkSelect(ctx context.Context, db *sql.DB, query string) error {
	var tree string
	err := db.QueryRowContext(ctx, "select json_serialize_sql("+Literal(query)+", skip_null := true, skip_empty := true)::varchar").Scan(&tree)
	if err != nil {
		return fmt.Errorf("parse the query: %w", err)
	}
	parsed := gjson.Parse(tree)
	if parsed.Get("error").Bool() {
		if parsed.Get("error_type").String() == "not implemented" {
			return errors.New("only a select can be run, with no pivot")
		}
		return fmt.Errorf("parse the query: %s", parsed.Get("error_message").String())
	}
	if n := len(parsed.Get("statements").Array()); n != 1 {
		return fmt.Errorf("one select can be run, this is %d statements", n)
	}
	found := parts{ctes: map[string]bool{}}
	found.walk(parsed.Get("statements"))
	return found.check(ctx, db)
}

// parts are what a parsed query refers to.
type parts struct {
	ctes      map[string]bool
	tables    [][3]string // catalog, schema, name
	tableFunc []string
	functions []string
}

func (p *parts) walk(node gjson.Result) {
	if node.IsObject() {
		switch node.Get("type").String() {
		case "BASE_TABLE":
			p.tables = append(p.tables, [3]string{node.Get("catalog_name").String(), node.Get("schema_name").String(), node.Get("table_name").String()})
		case "TABLE_FUNCTION":
			p.tableFunc = append(p.tableFunc, strings.ToLower(node.Get("function.function_name").String()))
		case "SHOW_REF":
			if name := node.Get("table_name").String(); name != "" && !contains(catalogLists, name) {
				p.tables = append(p.tables, [3]string{node.Get("catalog_name").String(), node.Get("schema_name").String(), name})
			}
		}
		if name := node.Get("function_name"); name.Exists() {
			p.functions = append(p.functions, strings.ToLower(name.String()))
		}
		for _, entry := range node.Get("cte_map.map").Array() {
			p.ctes[strings.ToLower(entry.Get("key").String())] = true
		}
	}
	if node.IsObject() || node.IsArray() {
		node.ForEach(func(_, child gjson.Result) bool { p.walk(child); return true })
	}
}

func (p *parts) check(ctx context.Context, db *sql.DB) error {
	for _, name := range p.tableFunc {
		if !contains(tableFunctions, name) {
			return fmt.Errorf("the table function %s cannot be used in a query: it may read what lies outside the database", name)
		}
	}
	for _, name := range p.functions {
		if contains(refusedFunctions, name) {
			return fmt.Errorf("the function %s cannot be used in a query", name)
		}
	}
	for _, table := range p.tables {
		if err := p.checkTable(ctx, db, table); err != nil {
			return err
		}
	}
	return nil
}

// checkTable wants every name to be a table, view or WITH name that exists:
// DuckDB reads a file for a name it does not know (from 'x.csv', from x.csv).
func (p *parts) checkTable(ctx context.Context, db *sql.DB, table [3]string) error {
	catalog, schema, name := table[0], table[1], table[2]
	if catalog == "" && schema == "" && p.ctes[strings.ToLower(name)] && !strings.ContainsAny(name, "./:*?[") {
		return nil
	}
	// Of "a.b", a is a schema or a catalog.
	var n int
	err := db.QueryRowContext(ctx, `
		with relation as (
			select database_name as c, schema_name as s, table_name as t from duckdb_tables()
			union all
			select database_name, schema_name, view_name from duckdb_views()
		)
		select count(*) from relation
		where lower(t) = lower($3)
			and ($2 = '' or lower(s) = lower($2) or ($1 = '' and lower(c) = lower($2)))
			and ($1 = '' or lower(c) = lower($1))`, catalog, schema, name).Scan(&n)
	if err != nil {
		return fmt.Errorf("look up %s: %w", name, err)
	}
	if n == 0 {
		full := strings.TrimLeft(catalog+"."+schema+"."+name, ".")
		return fmt.Errorf("there is no table %s (a query cannot read files)", full)
	}
	return nil
}

func contains(list []string, name string) bool {
	for _, entry := range list {
		if entry == name {
			return true
		}
	}
	return false
}

// ListTables is a select of every table with how many rows it has, what it is
// and its columns: for [DB.Select] and [SelectFile].
const ListTables = `select
    case when t.database_name in ('lake', 'marts') then t.database_name || '.' else '' end || t.schema_name || '.' || t.table_name as "table",
    t.estimated_size as "rows",
    coalesce(t.comment, '') as "comment",
    (
        select string_agg(c.column_name, ', ' order by c.column_index)
        from duckdb_columns() as c
        where c.database_oid = t.database_oid and c.table_oid = t.table_oid
    ) as "columns"
from duckdb_tables() as t
where not t.internal and not t.temporary and t.database_name <> 'work'
order by 1`

// Select runs a user's query on the open files in a read-only transaction and
// hands its rows to fn. It refuses what [DB.CheckSelect] refuses.
func (db *DB) Select(ctx context.Context, query string, fn func(rows *sql.Rows) error) (err error) {
	if err := db.CheckSelect(ctx, query); err != nil {
		return err
	}
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for _, stmt := range []string{"use " + LakeCatalog, "begin transaction read only"} {
		if _, err := conn.ExecContext(ctx, stmt); err != nil {
			return err
		}
	}
	defer func() {
		_, rollbackErr := conn.ExecContext(context.WithoutCancel(ctx), "rollback")
		_, useErr := conn.ExecContext(context.WithoutCancel(ctx), "use memory")
		err = errors.Join(err, rollbackErr, useErr)
	}()
	return selectRows(ctx, conn, query, fn)
}

// SelectFile runs a user's query on a database file that nobody writes (a
// published release), in an instance of its own that can reach nothing else.
func SelectFile(ctx context.Context, path, memoryLimit, query string, fn func(rows *sql.Rows) error) (err error) {
	connector, err := duckdb.NewConnector(path+"?access_mode=read_only", nil)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, stmt := range []string{
		"set memory_limit = " + Literal(memoryLimit),
		"set autoinstall_known_extensions = false",
		"set autoload_known_extensions = false",
		"set enable_external_access = false",
		"set lock_configuration = true",
	} {
		if _, err := db.ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("open %s: %w", path, err)
		}
	}
	if err := checkSelect(ctx, db, query); err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return selectRows(ctx, conn, query, fn)
}

func selectRows(ctx context.Context, conn *sql.Conn, query string, fn func(rows *sql.Rows) error) (err error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if err := fn(rows); err != nil {
		return err
	}
	return rows.Err()
}
