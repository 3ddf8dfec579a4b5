package transforms

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"rollcall/transforms/identity/suppress"
)

// loginPaths are where the records that a branch reads name logins: the gjson
// paths of the fields of which its select makes ids of logins, or
// [suppress.RecordKey].
func (b *branch) loginPaths(statement node, target *shape) []string {
	columns := loginColumns(target)
	var paths []string
	for _, selected := range statement.list("select_list") {
		name := selected.str("alias")
		if steps := selected.steps(); name == "" && len(steps) > 0 {
			name = steps[len(steps)-1]
		}
		if !slices.Contains(columns, name) {
			continue
		}
		selected.walk(nil, func(n node, _ []node) {
			if path, found := b.stream.fields.idAt(n.steps()); found && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		})
	}
	return paths
}

// steps are the way that an expression takes into a record: of j.posters[1].id they
// are j, posters, 0 and id, of unnest(j.users).id j, users, # and id. Other
// expressions have none.
func (n node) steps() []string {
	if n.str("class") == "COLUMN_REF" {
		return texts(n["column_names"])
	}
	children := n.list("children")
	if len(children) == 0 {
		return nil
	}
	within := children[0].steps()
	if len(within) == 0 {
		return nil
	}
	switch {
	case isFunction(n, "unnest"):
		return append(within, "#")
	case len(children) != 2 || n.str("type") != "STRUCT_EXTRACT" && n.str("type") != "ARRAY_EXTRACT":
		return nil
	}
	switch at := children[1].child("value")["value"].(type) {
	case string:
		return append(within, at)
	case float64: // SQL counts from 1
		return append(within, strconv.Itoa(int(at)-1))
	}
	return nil
}

// texts are the strings of a list of the tree.
func texts(list any) []string {
	items, _ := list.([]any)
	var found []string
	for _, item := range items {
		if text, isText := item.(string); isText {
			found = append(found, text)
		}
	}
	return found
}

// idAt is the gjson path of the field that these steps lead to, if it is of a type
// that ids have.
func (f *field) idAt(steps []string) (path string, found bool) {
	switch {
	case len(steps) == 1 && steps[0] == "key":
		return suppress.RecordKey, true
	case len(steps) < 2 || steps[0] != "j":
		return "", false
	}
	var parts []string
	for _, step := range steps[1:] {
		if f.Element != nil {
			parts, f = append(parts, step), f.Element
			continue
		}
		at := slices.IndexFunc(f.Members, func(m named) bool { return strings.EqualFold(m.Name, step) })
		if at < 0 {
			return "", false
		}
		parts, f = append(parts, gjson.Escape(f.Members[at].Name)), f.Members[at].field
	}
	switch strings.ToUpper(f.Type) {
	case "VARCHAR", "BIGINT", "UBIGINT", "HUGEINT", "INTEGER", "SMALLINT":
		return strings.Join(parts, "."), true
	}
	return "", false
}

// loginsIn are the paths at which a stream's records name logins, over all the
// shapes that it feeds.
func (b *Builder) loginsIn(typ, stream string) []string {
	var paths []string
	for _, name := range sortedKeys(b.shapes) {
		for _, br := range b.shapes[name].branches {
			if br.stream.Type == typ && br.stream.Name == stream {
				paths = append(paths, br.logins...)
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
