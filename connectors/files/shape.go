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
	moment             // TIMESTAMP in UTC in staging; RFC 3339 with its offset in the record
	list               // VARCHAR, a list is comma-joined
	id                 // VARCHAR; a mapped file gives the source's own id, staging puts source and instance before it
)

// A column is one column of a staging shape, after record, first_seen_at and
// deleted_at, which every shape has.
type column struct {
	name     string
	kind     kind
	object   string // of an id: the word between instance and id ("thread"); empty: none
	fallback string // SQL for a missing id or a column only canonical files fill
	personal bool
	required bool // without it a row is no observation: staging leaves it out
	given    bool // only a canonical file says it; a mapping may not
	event    bool // the time at which the thing described happened, for coverage
}

// A shape is a staging table that files can fill: a stream of this connector.
// Another shape is another entry of shapes; fields and staging SQL follow.
type shape struct {
	name    string
	help    string
	columns []column
	// alias fills a column a mapping left out from one that it names: the
	// user of an identity is its id.
	alias map[string]string
}

// shapes lists what files can fill. Columns are in the order of
// sql/staging/<name>.sql.
func shapes() []shape {
	const instanceOnly = "'files:' || instance"
	return []shape{
		{
			name: "identity",
			help: "logins or contacts: one row per user of the system the file comes from",
			columns: []column{
				{name: "identity_id", kind: id, required: true, given: true},
				{name: "source", fallback: "case when j.canonical then split_part(j.identity_id, ':', 1) else 'files' end", given: true},
				{name: "source_instance", fallback: "case when j.canonical then split_part(j.identity_id, ':', 2) else instance end", given: true},
				{name: "source_user_id"},
				{name: "username", personal: true},
				{name: "display_name", personal: true},
				{name: "email", personal: true},
				{name: "is_bot", kind: flag},
				{name: "is_staff", kind: flag},
				{name: "created_at", kind: moment, event: true},
				{name: "source_updated_at", kind: moment},
			},
			alias: map[string]string{"identity_id": "source_user_id"},
		},
		{
			name: "community_member",
			help: "members of a community: one row per user and community",
			columns: []column{
				{name: "member_id", kind: id, object: "member", required: true},
				{name: "community_id", kind: id, fallback: instanceOnly},
				{name: "identity_id", kind: id, required: true},
				{name: "joined_at", kind: moment, event: true},
				{name: "left_at", kind: moment},
				{name: "join_channel"},
				{name: "is_suspended", kind: flag},
				{name: "trust_level", kind: whole},
				{name: "source_updated_at", kind: moment},
			},
			alias: map[string]string{"member_id": "identity_id"},
		},
		{
			name: "thread",
			help: "threads: topics, questions, discussions",
			columns: []column{
				{name: "thread_id", kind: id, object: "thread", required: true},
				{name: "community_id", kind: id, fallback: instanceOnly},
				{name: "author_identity_id", kind: id},
				{name: "category"},
				{name: "tags", kind: list},
				{name: "title", personal: true},
				{name: "url_path", personal: true},
				{name: "created_at", kind: moment, required: true, event: true},
				{name: "is_solvable", kind: flag},
				{name: "is_private", kind: flag},
				{name: "is_removed", kind: flag},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "thread_reply",
			help: "replies in threads",
			columns: []column{
				{name: "reply_id", kind: id, object: "reply", required: true},
				{name: "thread_id", kind: id, object: "thread", required: true},
				{name: "community_id", kind: id, fallback: instanceOnly},
				{name: "author_identity_id", kind: id},
				{name: "parent_reply_id", kind: id, object: "reply"},
				{name: "created_at", kind: moment, required: true, event: true},
				{name: "char_len", kind: whole},
				{name: "is_system", kind: flag},
				{name: "is_removed", kind: flag},
				{name: "source_updated_at", kind: moment},
			},
		},
	}
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

// identifier is the column that names the thing a row describes, and the
// default key: as a mapping names it, or as a canonical file does.
func (s shape) identifier(canonical bool) string {
	first := s.columns[0].name
	if other, ok := s.alias[first]; ok && !canonical {
		return other
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
	typ := map[kind]string{flag: "BOOLEAN", whole: "BIGINT", moment: "TIMESTAMPTZ"}[c.kind]
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
	b.WriteString("select\n    record,\n    first_seen_at,\n    deleted_at,\n")
	for _, c := range s.columns {
		fmt.Fprintf(&b, "    %s as %s,\n", c.sql(), c.name)
	}
	fmt.Fprintf(&b, "from raw.files__%s\n", s.name)
	return b.String()
}

func (c column) sql() string {
	expr := "j." + c.name
	switch c.kind {
	case moment:
		expr += " at time zone 'UTC'"
	case id:
		prefix := "'files:' || instance || ':"
		if c.object != "" {
			prefix += c.object + ":"
		}
		expr = fmt.Sprintf("case when j.canonical then j.%s else %s' || j.%s end", c.name, prefix, c.name)
	}
	if c.fallback != "" {
		expr = fmt.Sprintf("coalesce(%s, %s)", expr, c.fallback)
	}
	return expr
}
