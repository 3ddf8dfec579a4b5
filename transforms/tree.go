package transforms

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// A tree is DuckDB's own parse tree of one SQL file, which holds one or more
// selects.
type tree struct {
	file       string
	text       string
	statements []node
}

// A node is one JSON object of the tree.
type node map[string]any

// A fault is an error at a place in a SQL file.
type fault struct {
	File    string
	Line    int
	Message string
}

func (f *fault) Error() string {
	if f.Line == 0 {
		return f.File + ": " + f.Message
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)
}

// parse asks DuckDB for the tree of the text. Anything but selects is refused
// by DuckDB itself.
func parse(ctx context.Context, db *sql.DB, file, text string) (*tree, error) {
	var raw string
	row := db.QueryRowContext(ctx, "select cast(json_serialize_sql(cast(? as varchar)) as varchar)", text)
	if err := row.Scan(&raw); err != nil {
		return nil, fmt.Errorf("parse %s: %w", file, err)
	}
	var answer struct {
		Error      bool   `json:"error"`
		Message    string `json:"error_message"`
		Position   any    `json:"position"`
		Statements []struct {
			Node node `json:"node"`
		} `json:"statements"`
	}
	if err := json.Unmarshal([]byte(raw), &answer); err != nil {
		return nil, fmt.Errorf("parse %s: %w", file, err)
	}
	t := &tree{file: file, text: text}
	if answer.Error {
		at := -1
		if _, err := fmt.Sscan(fmt.Sprint(answer.Position), &at); err != nil {
			at = -1
		}
		return nil, t.fault(at, "%s", answer.Message)
	}
	for _, statement := range answer.Statements {
		t.statements = append(t.statements, statement.Node)
	}
	if len(t.statements) == 0 {
		return nil, t.fault(-1, "holds no select")
	}
	return t, nil
}

// fault makes an error at a byte offset of the text; -1 for the whole file.
func (t *tree) fault(offset int, format string, args ...any) *fault {
	f := &fault{File: t.file, Message: fmt.Sprintf(format, args...)}
	if offset >= 0 && offset <= len(t.text) {
		f.Line = 1 + strings.Count(t.text[:offset], "\n")
	}
	return f
}

// str returns a string member, "" if it is absent or something else.
func (n node) str(key string) string {
	s, ok := n[key].(string)
	if !ok {
		return ""
	}
	return s
}

// list returns the objects of an array member.
func (n node) list(key string) []node {
	items, ok := n[key].([]any)
	if !ok {
		return nil
	}
	var nodes []node
	for _, item := range items {
		if object, ok := item.(map[string]any); ok {
			nodes = append(nodes, object)
		}
	}
	return nodes
}

// child returns an object member, nil if it is absent.
func (n node) child(key string) node {
	object, ok := n[key].(map[string]any)
	if !ok {
		return nil
	}
	return object
}

// offset is the node's place in the text, -1 where the parser has none.
func (n node) offset() int {
	at, ok := n["query_location"].(float64)
	if !ok || at > math.MaxInt32 {
		return -1
	}
	return int(at)
}

// near is the place of the node or of the first node below it that has one.
func (n node) near() int {
	found := -1
	n.walk(nil, func(at node, _ []node) {
		if offset := at.offset(); offset >= 0 && (found < 0 || offset < found) {
			found = offset
		}
	})
	return found
}

// walk visits the node and every object below it with the chain of objects
// above.
func (n node) walk(above []node, visit func(n node, above []node)) {
	visit(n, above)
	below := append(above[:len(above):len(above)], n)
	for _, member := range n {
		walkValue(member, below, visit)
	}
}

func walkValue(value any, above []node, visit func(n node, above []node)) {
	switch v := value.(type) {
	case map[string]any:
		node(v).walk(above, visit)
	case []any:
		for _, item := range v {
			walkValue(item, above, visit)
		}
	}
}

// A reference is a table that a select reads.
type reference struct {
	Schema, Table string
	Alias         string // "" where the text gives none
	Offset        int
}

func (r reference) name() string { return r.Schema + "." + r.Table }

// references are the tables that the statement reads, CTEs left out.
func (t *tree) references() ([]reference, []*fault) {
	w := &referenceWalk{tree: t}
	for _, statement := range t.statements {
		w.visit(statement, nil)
	}
	return w.found, w.faults
}

type referenceWalk struct {
	tree   *tree
	found  []reference
	faults []*fault
}

func (w *referenceWalk) visit(n node, ctes []string) {
	for _, entry := range n.child("cte_map").list("map") {
		w.visit(entry.child("value").child("query").child("node"), ctes)
		ctes = append(ctes[:len(ctes):len(ctes)], strings.ToLower(entry.str("key")))
	}
	if n.str("type") == "RECURSIVE_CTE_NODE" {
		w.faults = append(w.faults, w.tree.fault(n.near(), "recursive CTEs are refused"))
		return
	}
	if n.str("type") == "BASE_TABLE" {
		w.table(n, ctes)
	}
	for key, member := range n {
		if key == "cte_map" {
			continue
		}
		w.visitValue(member, ctes)
	}
}

func (w *referenceWalk) visitValue(value any, ctes []string) {
	switch v := value.(type) {
	case map[string]any:
		w.visit(v, ctes)
	case []any:
		for _, item := range v {
			w.visitValue(item, ctes)
		}
	}
}

func (w *referenceWalk) table(n node, ctes []string) {
	schema, name := n.str("schema_name"), n.str("table_name")
	if catalog := n.str("catalog_name"); catalog != "" {
		w.faults = append(w.faults, w.tree.fault(n.offset(), "table %s.%s.%s: write schema.table, without a catalog", catalog, schema, name))
		return
	}
	if schema == "" {
		for _, cte := range ctes {
			if cte == strings.ToLower(name) {
				return
			}
		}
		w.faults = append(w.faults, w.tree.fault(n.offset(), "table %s has no schema: write schema.table", name))
		return
	}
	w.found = append(w.found, reference{schema, name, n.str("alias"), n.offset()})
}
