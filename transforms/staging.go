package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// A shape is a canonical table that connectors may fill.
type shape struct {
	*model
	columns  []column
	branches []*branch
	// enriching shapes add to facts of others; a KPI counts without them.
	isEnriching bool
}

type column struct{ Name, Type string }

// A branch is one select of a connector's staging file. It reads one stream.
type branch struct {
	file    string
	sql     string
	stream  *stream
	columns map[string]bool
	logins  []string // where its records name logins
}

// enrichingMark in a shape's comment makes it an enriching one.
const enrichingMark = "role"

func loadShapes(ctx context.Context, db *sql.DB, conn *sql.Conn, files fs.FS) (map[string]*shape, []error) {
	models, errs := loadModels(ctx, db, files, "staging")
	shapes := map[string]*shape{}
	for _, m := range models {
		columns, err := describe(ctx, conn, m.tree.text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.tree.file, err))
			continue
		}
		s := &shape{model: m, columns: columns, isEnriching: m.doc.Columns[enrichingMark] == "enriching"}
		delete(m.doc.Columns, enrichingMark)
		for i, name := range []string{"record", "first_seen_at", "deleted_at"} {
			if i >= len(columns) || columns[i].Name != name {
				errs = append(errs, m.tree.fault(0, "a shape begins with record, first_seen_at, deleted_at"))
				break
			}
		}
		shapes[m.Table] = s
	}
	return shapes, errs
}

// A stagingLoader reads the staging SQL of every source into its shapes.
type stagingLoader struct {
	db         *sql.DB
	conn       *sql.Conn // its search path finds raw streams in the work catalog
	shapes     map[string]*shape
	streams    map[string]*stream // by raw table
	aggregates map[string]bool
}

func (l *stagingLoader) load(ctx context.Context, source Source) []error {
	var errs []error
	var tables []string
	for table := range source.Staging {
		tables = append(tables, table)
	}
	slices.Sort(tables)
	for _, table := range tables {
		file := source.Type + "/" + table + ".sql"
		target, found := l.shapes[table]
		if !found {
			errs = append(errs, fmt.Errorf("%s: no shape %s; shapes are %s", file, table, strings.Join(l.shapeNames(), ", ")))
			continue
		}
		t, err := parse(ctx, l.db, file, source.Staging[table])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for i, text := range splitStatements(t.text) {
			if i >= len(t.statements) {
				break
			}
			b, faults := l.branch(ctx, t, i, text, target)
			errs = append(errs, faults...)
			if b != nil {
				target.branches = append(target.branches, b)
			}
		}
	}
	return errs
}

func (l *stagingLoader) shapeNames() []string {
	var names []string
	for name := range l.shapes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (l *stagingLoader) branch(ctx context.Context, t *tree, index int, text string, target *shape) (*branch, []error) {
	var errs []error
	statement := t.statements[index]
	for _, f := range t.lintBranch(statement, l.aggregates) {
		errs = append(errs, f)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	from := statement.child("from_table")
	read := l.streams[from.str("table_name")]
	if read == nil {
		return nil, []error{t.fault(from.offset(), "unknown stream raw.%s", from.str("table_name"))}
	}
	if typ := strings.SplitN(t.file, "/", 2)[0]; read.Type != typ {
		return nil, []error{t.fault(from.offset(), "raw.%s belongs to another connector", from.str("table_name"))}
	}
	columns, err := describe(ctx, l.conn, text)
	if err != nil {
		return nil, []error{t.fault(statement.near(), "%s", err)}
	}
	b := &branch{file: t.file, sql: text, stream: read, columns: map[string]bool{}}
	b.logins = b.loginPaths(statement, target)
	return b, b.match(columns, target)
}

// match compares the branch's columns with the shape's.
func (b *branch) match(columns []column, target *shape) []error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, &fault{File: b.file, Message: fmt.Sprintf(format, args...)})
	}
	types := map[string]string{}
	for _, c := range target.columns {
		types[c.Name] = c.Type
	}
	for _, c := range columns {
		switch want, found := types[c.Name]; {
		case !found:
			fail("%s is no column of the shape", c.Name)
		case want != c.Type:
			fail("%s is %s, shape says %s", c.Name, c.Type, want)
		}
		b.columns[c.Name] = true
	}
	for _, name := range []string{"record", "first_seen_at", "deleted_at", target.columns[3].Name} {
		if !b.columns[name] {
			fail("%s is missing", name)
		}
	}
	return errs
}

// union is the select that fills the shape from all its branches, over the
// shape's columns.
func (s *shape) union() string {
	if len(s.branches) == 0 {
		return strings.TrimRight(strings.TrimSpace(s.tree.text), ";")
	}
	var selects []string
	for _, b := range s.branches {
		selects = append(selects, s.of(b))
	}
	return strings.Join(selects, "\nunion all\n")
}

// of selects what one branch brings to the shape.
func (s *shape) of(b *branch) string {
	var columns []string
	for _, c := range s.columns {
		switch {
		case !b.columns[c.Name]:
			columns = append(columns, fmt.Sprintf("cast(null as %s) as %s", c.Type, ident(c.Name)))
		case s.Table == "identity_evidence" && c.Name == "value" && b.columns["id_type"]:
			columns = append(columns, "case when b.id_type = 'reference' then "+hashedIDSQL("b.value")+" else b.value end as value") // another login's id
		default:
			columns = append(columns, s.staged(c))
		}
	}
	return fmt.Sprintf("select %s from (\n%s\n) as b", strings.Join(columns, ", "), b.sql)
}

// staysInLake marks the columns of a shape that hold clear data and that no
// model reads.
const staysInLake = "stays in the lake"

// staged is a column of a branch b. Words that models may read and publish (a
// category, a tag, the name of an event) are anybody's to choose, so an e-mail
// address in one is masked where it enters. Ids hold none by
// contract; of an id that does all the same, a keyed hash enters.
func (s *shape) staged(c column) string {
	name := "b." + ident(c.Name)
	if c.Type == "VARCHAR" && strings.HasSuffix(c.Name, "_id") {
		return hashedIDSQL(name) + " as " + ident(c.Name)
	}
	if c.Type != "VARCHAR" || c.Name == "record" || strings.Contains(s.doc.Columns[c.Name], staysInLake) {
		return name
	}
	return fmt.Sprintf(`case when contains(%[1]s, '@') or contains(%[1]s, '%%40')
        then regexp_replace(%[1]s, %[2]s, %[4]s, 'g') else %[1]s end as %[3]s`, name, literal(address), ident(c.Name), literal(addressMask))
}

// address is the form of an e-mail address inside a text, plain or as in a
// link.
const address = `[^\s@<>"'(),;:=/?&]+(@|%40)[^\s@<>"'(),;:=/?&]+`

// splitStatements cuts a text at the semicolons outside literals and comments.
func splitStatements(text string) []string {
	blank := blankLiterals(text)
	var parts []string
	start := 0
	for at := 0; at <= len(blank); at++ {
		if at < len(blank) && blank[at] != ';' {
			continue
		}
		if strings.TrimSpace(blank[start:at]) != "" {
			parts = append(parts, strings.TrimSpace(text[start:at]))
		}
		start = at + 1
	}
	return parts
}

func describe(ctx context.Context, conn *sql.Conn, query string) ([]column, error) {
	rows, err := conn.QueryContext(ctx, "describe "+strings.TrimRight(strings.TrimSpace(query), ";"))
	if err != nil {
		return nil, firstLine(err)
	}
	var columns []column
	for rows.Next() {
		var c column
		var null, key, standard, extra sql.NullString
		if err := rows.Scan(&c.Name, &c.Type, &null, &key, &standard, &extra); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		columns = append(columns, c)
	}
	return columns, errors.Join(rows.Err(), rows.Close())
}

// firstLine keeps the message of a DuckDB error and drops its excerpt of the
// statement, whose line numbers are not the file's.
func firstLine(err error) error {
	message, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(message)
}
