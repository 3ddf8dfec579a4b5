package files

import (
	"encoding/json"
	"fmt"
	"strings"

	"rollcall/connectors"
)

// A kind says how a cell becomes a JSON value, and how staging reads it back.
type kind int

const (
	text   kind = iota // VARCHAR
	flag               // BOOLEAN
	whole              // BIGINT
	number             // DOUBLE
	moment             // TIMESTAMP in UTC in staging; RFC 3339 with its offset in the record
	day                // DATE, in the zone the file states
	list               // VARCHAR, a list is comma-joined
	id                 // VARCHAR; a mapped file gives the source's own id, staging puts source and instance before it
)

// A column is one column of a staging shape, after record, first_seen_at and
// deleted_at, which every shape has.
type column struct {
	name     string
	kind     kind
	object   string // of an id: the word between instance and id ("thread"); empty: none
	mapped   string // SQL of a mapped row's value, where another column takes part in it
	fallback string // SQL for a missing id or a column only canonical files fill
	personal bool
	required bool // without it a row is no observation: staging leaves it out
	sifts    bool // rows without it say nothing of this shape, which is no fault: staging passes over them
	given    bool // only a canonical file says it; a mapping may not
	input    bool // only a mapping says it: no column of the shape, but part of another
	event    bool // the time at which the thing described happened, for coverage
}

// A shape is a staging table that files can fill: a stream of this connector.
// Another shape is another entry of shapes; fields and staging SQL follow.
type shape struct {
	name string
	help string
	// key names a row where no column is an id of its own, or the mapping
	// leaves that column out; parts that a mapping leaves out do not count.
	key []string
	// oneOf are columns of which a mapping fills at least one.
	oneOf   []string
	columns []column
	// alias fills a column a mapping left out from one that it names: the
	// user of an identity is its id.
	alias map[string]string
}

// instanceOnly is the community of rows that name none.
const instanceOnly = "'files:' || instance"

// shapes lists what files can fill, in the order they are read. Columns are in
// the order of sql/staging/<name>.sql.
func shapes() []shape {
	var all []shape
	for _, group := range [][]shape{peopleShapes(), contentShapes(), actShapes(), gatheringShapes(), surveyShapes(), productShapes(), evidenceShapes(), orgShapes()} {
		all = append(all, group...)
	}
	return all
}

func shapeNamed(name string) (shape, bool) {
	for _, s := range shapes() {
		if s.name == name {
			return s, true
		}
	}
	return shape{}, false
}

func shapeNames() []string {
	var names []string
	for _, s := range shapes() {
		names = append(names, s.name)
	}
	return names
}

// column returns the column of that name.
func (s shape) column(name string) (column, bool) {
	for _, c := range s.columns {
		if c.name == name {
			return c, true
		}
	}
	return column{}, false
}

// identifier is the column that names the thing a row describes, as a mapping
// names it or as a canonical file does; empty: several columns do together.
func (s shape) identifier(canonical bool) string {
	first := s.columns[0].name
	if other, ok := s.alias[first]; ok && !canonical {
		return other
	}
	if len(s.key) > 0 && s.key[0] == first {
		return ""
	}
	return first
}

// targets are the names a mapping may fill.
func (s shape) targets() []string {
	var names []string
	for _, c := range s.columns {
		if !c.given {
			names = append(names, c.name)
		}
	}
	return names
}

// stream is the shape as the contract states it. Deletions come from a
// deleted column or from a file set declared complete by its scope, so the
// stream itself is incremental.
func (s shape) stream() connectors.Stream {
	stream := connectors.Stream{Name: s.name, Help: s.help, Mode: connectors.ModeIncremental, Fields: s.fields()}
	for _, c := range s.columns {
		if c.personal {
			stream.Personal = append(stream.Personal, c.name)
		}
	}
	return stream
}

// fields is the from_json structure of the rows this connector emits.
func (s shape) fields() string {
	members := []string{`"canonical": "BOOLEAN"`}
	for _, c := range s.columns {
		name, err := json.Marshal(c.name)
		if err != nil {
			panic(err) // names are plain words
		}
		members = append(members, fmt.Sprintf(`%s: "%s"`, name, c.fieldType()))
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func (c column) fieldType() string {
	typ := map[kind]string{flag: "BOOLEAN", whole: "BIGINT", number: "DOUBLE", moment: "TIMESTAMPTZ", day: "DATE"}[c.kind]
	if typ == "" {
		typ = "VARCHAR"
	}
	if c.required {
		typ += "!"
	}
	return typ
}

// staging is the select that turns the stream's rows into the shape.
func (s shape) staging() string {
	var b strings.Builder
	fmt.Fprintf(&b, "-- One row per live or deleted row of the file sets that fill %s.\n", s.name)
	b.WriteString("select\n    record,\n    first_seen_at,\n    deleted_at")
	where := ""
	for _, c := range s.columns {
		if !c.input {
			fmt.Fprintf(&b, ",\n    %s as %s", c.sql(), c.name)
		}
		if c.sifts {
			where = fmt.Sprintf("where j.%s is not null\n", c.name)
		}
	}
	fmt.Fprintf(&b, "\nfrom raw.files__%s\n%s", s.name, where)
	return b.String()
}

func (c column) sql() string {
	expr := "j." + c.name
	switch c.kind {
	case moment:
		expr += " at time zone 'UTC'"
	case id:
		mapped := c.mapped
		if mapped == "" {
			mapped = prefixed(c.object, c.name)
		}
		expr = fmt.Sprintf("case when j.canonical then j.%s else %s end", c.name, mapped)
	}
	if c.fallback != "" {
		expr = fmt.Sprintf("coalesce(%s, %s)", expr, c.fallback)
	}
	return expr
}

// prefixed is the SQL of an id in full, made of the file's own in a member.
func prefixed(object, member string) string {
	prefix := "'files:' || instance || ':"
	if object != "" {
		prefix += object + ":"
	}
	return prefix + "' || j." + member
}
