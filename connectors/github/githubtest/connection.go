package githubtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// maxPage is the most a connection gives at once.
const maxPage = 100

// connection writes a page of a list; false: it has no page size or cursor
// that works, and its object cannot be given.
func (x *execution) connection(out *bytes.Buffer, l *list, f field, path []any) bool {
	edges, field := x.world.sorted(l, x.order(f))
	page, more, ok := x.page(l, edges, field, f, path)
	if !ok {
		return false
	}
	out.WriteByte('{')
	for i, member := range x.collect(f.selection, "Connection") {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, "%q:", member.name)
		switch member.node.Name {
		case "totalCount":
			out.WriteString(strconv.Itoa(len(l.edges)))
		case "pageInfo":
			if more && len(page) == 0 {
				fmt.Fprintf(out, `{"hasNextPage":true,"endCursor":%q}`, otherSpelling(x.text(f, "after")))
				continue
			}
			x.pageInfo(out, l, edges, page, field, more)
		case "nodes", "edges":
			x.items(out, page, member, append(path, member.name))
		default:
			x.fault("undefinedField", fmt.Sprintf("Field '%s' doesn't exist on the connection", member.node.Name), path)
			out.WriteString("null")
		}
	}
	out.WriteByte('}')
	return true
}

// page picks the edges that first and after ask for.
func (x *execution) page(l *list, edges []*edge, field string, f field, path []any) (page []*edge, more, ok bool) {
	first, given := number(x.argument(f, "first"))
	onlyCount := len(f.selection) == 1 && isField(f.selection[0], "totalCount")
	switch {
	case onlyCount:
		return nil, false, true
	case !given:
		x.fault("MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value to properly paginate the connection.", path)
		return nil, false, false
	case first < 1 || first > maxPage:
		x.fault("EXCESSIVE_PAGINATION", fmt.Sprintf("Requesting %d records exceeds the `first` limit of 100 records.", first), path)
		return nil, false, false
	}
	start := 0
	if after := x.text(f, "after"); after != "" {
		if start = x.position(l, edges, field, after); start < 0 {
			x.fault("INVALID_CURSOR_ARGUMENTS", fmt.Sprintf("`%s` does not appear to be a valid cursor.", after), path)
			return nil, false, false
		}
	}
	end := min(len(edges), start+first)
	switch {
	case x.odd == Repeated && start > 0:
		start--
	case x.odd == Hollow && 0 < start && start < end:
		return nil, true, true
	}
	return edges[start:end], end < len(edges), true
}

func isField(s ast.Selection, name string) bool {
	f, ok := s.(*ast.Field)
	return ok && f.Name == name
}

func number(v any) (int, bool) {
	switch v := v.(type) {
	case int64:
		return int(v), true
	case float64:
		return int(v), true
	case json.Number:
		n, err := v.Int64()
		return int(n), err == nil
	}
	return 0, false
}

// An order is what orderBy asks for.
type order struct {
	field string
	down  bool
}

func (x *execution) order(f field) order {
	by, _ := x.argument(f, "orderBy").(map[string]any)
	name, _ := by["field"].(string)
	return order{map[string]string{"UPDATED_AT": "updatedAt", "CREATED_AT": "createdAt", "STARRED_AT": "starredAt"}[name], by["direction"] == "DESC"}
}

// An ordering is a list's edges in one order, as of a change of the world.
type ordering struct {
	changes int64
	edges   []*edge
}

// sorted returns the edges in the order asked for and the field they are
// ordered by, with a minus for downwards. An order is made once between two
// changes of the world.
func (w *World) sorted(l *list, by order) ([]*edge, string) {
	if by.field == "" && l.counts {
		return l.edges, ""
	}
	name := by.field
	if by.down && by.field != "" {
		name = "-" + name
	}
	if o := l.orders[name]; o != nil && o.changes == w.changes {
		return o.edges, name
	}
	edges := append([]*edge(nil), l.edges...)
	keys := make(map[*edge]string, len(edges))
	for _, e := range edges {
		keys[e] = sortKey(e, by.field)
	}
	sort.SliceStable(edges, func(i, j int) bool {
		a, b := keys[edges[i]], keys[edges[j]]
		if name != by.field {
			a, b = b, a
		}
		return a < b
	})
	if l.orders == nil {
		l.orders = map[string]*ordering{}
	}
	l.orders[name] = &ordering{w.changes, edges}
	return edges, name
}

func sortKey(e *edge, field string) string {
	value, ok := e.fields[field]
	if !ok {
		value = e.node.fields[field]
	}
	if field == "" {
		value = ""
	}
	return fmt.Sprintf("%v|%012d", value, e.node.number)
}

// cursorOf makes the cursor after an edge: its place by value where the list
// is ordered, by number where it just counts.
func (x *execution) cursorOf(l *list, edges []*edge, e *edge, field string) string {
	place := sortKey(e, strings.TrimPrefix(field, "-"))
	if l.counts {
		for i := range edges {
			if edges[i] == e {
				place = strconv.Itoa(i + 1)
			}
		}
	}
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "cursor:v2:%d:%s", x.world.views, place))
}

// position is the index of the first edge after a cursor, -1 if it is none.
func (x *execution) position(l *list, edges []*edge, field, cursor string) int {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(cursor, spelling))
	place, ok := strings.CutPrefix(string(b), fmt.Sprintf("cursor:v2:%d:", x.world.views))
	if err != nil || !ok {
		return -1
	}
	if l.counts {
		n, err := strconv.Atoi(place)
		if err != nil {
			return -1
		}
		return min(n, len(edges))
	}
	by, down := strings.CutPrefix(field, "-")
	return sort.Search(len(edges), func(i int) bool {
		if down {
			return sortKey(edges[i], by) < place
		}
		return sortKey(edges[i], by) > place
	})
}

// spelling is what one cursor is written with in two ways.
const spelling = "0:"

func otherSpelling(cursor string) string {
	if plain, other := strings.CutPrefix(cursor, spelling); other {
		return plain
	}
	return spelling + cursor
}

func (x *execution) pageInfo(out *bytes.Buffer, l *list, edges, page []*edge, field string, more bool) {
	if len(page) == 0 {
		out.WriteString(`{"hasNextPage":false,"endCursor":null}`)
		return
	}
	fmt.Fprintf(out, `{"hasNextPage":%t,"endCursor":%q}`, more, x.cursorOf(l, edges, page[len(page)-1], field))
}

// items writes a page's nodes or edges. Nodes beyond what the query may use
// are null, as GitHub makes them.
func (x *execution) items(out *bytes.Buffer, page []*edge, member field, path []any) {
	out.WriteByte('[')
	for i, e := range page {
		if i > 0 {
			out.WriteByte(',')
		}
		at := append(path, i)
		if x.room--; x.room < 0 {
			if !x.silent {
				x.fault("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.", at)
			}
			out.WriteString("null")
			continue
		}
		if kind := x.hidden(e.node); kind != "" {
			x.fault(kind, "Resource not accessible.", at)
			out.WriteString("null")
			continue
		}
		if member.node.Name == "nodes" {
			x.write(out, e.node, member.selection, at)
			continue
		}
		fields := map[string]any{"node": e.node, "cursor": ""}
		for name, value := range e.fields {
			fields[name] = value
		}
		x.write(out, &Object{Type: "Edge", fields: fields}, member.selection, at)
	}
	out.WriteByte(']')
}
