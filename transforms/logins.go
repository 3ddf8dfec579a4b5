package transforms

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"rollcall/transforms/identity/suppress"
)

// loginPaths are where the records that a branch reads name logins: the gjson
// paths of the fields of which its select makes ids of logins, or
// [suppress.RecordKey]. Fields inside lists are not among them.
func (b *branch) loginPaths(statement node, target *shape) []string {
	columns := loginColumns(target)
	var paths []string
	for _, selected := range statement.list("select_list") {
		names := selected.columnNames()
		if alias := selected.str("alias"); alias != "" {
			names = []string{alias}
		}
		if len(names) == 0 || !slices.Contains(columns, names[len(names)-1]) {
			continue
		}
		selected.walk(nil, func(n node, _ []node) {
			if path, found := b.stream.fields.idAt(n.columnNames()); found && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		})
	}
	return paths
}

// columnNames are the parts of a reference to a column; none of anything else.
func (n node) columnNames() []string {
	parts, _ := n["column_names"].([]any)
	var names []string
	for _, part := range parts {
		if name, isText := part.(string); isText {
			names = append(names, name)
		}
	}
	return names
}

// idAt is the path of the field that a reference such as j.author.id names, if it
// is of a type that ids have.
func (f *field) idAt(reference []string) (path string, found bool) {
	switch {
	case len(reference) == 1 && reference[0] == "key":
		return suppress.RecordKey, true
	case len(reference) < 2 || reference[0] != "j":
		return "", false
	}
	var parts []string
	for _, name := range reference[1:] {
		at := slices.IndexFunc(f.Members, func(m named) bool { return strings.EqualFold(m.Name, name) })
		if at < 0 {
			return "", false
		}
		parts = append(parts, gjson.Escape(f.Members[at].Name))
		f = f.Members[at].field
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
