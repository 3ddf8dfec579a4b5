package transforms_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	rollcallsql "rollcall/sql"
	"rollcall/transforms"
)

var shapeColumn = regexp.MustCompile(`cast\(null as ([a-z0-9(), ]+)\) as ([a-z0-9_]+)`)

// canonical is a connector with one stream per shape whose records have the
// shape's own columns.
func canonical(t testing.TB, instances ...string) transforms.Source {
	t.Helper()
	source := transforms.Source{Type: "canonical", Version: "1", Staging: map[string]string{}}
	for _, name := range instances {
		source.Instances = append(source.Instances, transforms.Instance{Name: name, Kinds: []string{"community", "survey", "product", "events"}})
	}
	names, err := fs.Glob(rollcallsql.FS, "staging/*.sql")
	require.NoError(t, err)
	for _, name := range names {
		text, err := fs.ReadFile(rollcallsql.FS, name)
		require.NoError(t, err)
		shape := strings.TrimSuffix(path.Base(name), ".sql")
		fields, columns := map[string]string{}, []string{"record", "first_seen_at", "deleted_at"}
		for _, found := range shapeColumn.FindAllStringSubmatch(string(text), -1)[3:] {
			kind, column := strings.ToUpper(found[1]), found[2]
			if kind == "TIMESTAMP" {
				fields[column] = "TIMESTAMPTZ"
				columns = append(columns, fmt.Sprintf("j.%[1]s at time zone 'UTC' as %[1]s", column))
				continue
			}
			fields[column] = kind
			columns = append(columns, fmt.Sprintf("j.%[1]s as %[1]s", column))
		}
		encoded, err := json.Marshal(fields)
		require.NoError(t, err)
		source.Streams = append(source.Streams, transforms.Stream{Name: shape, Fields: string(encoded)})
		source.Staging[shape] = "select " + strings.Join(columns, ", ") + "\nfrom raw.canonical__" + shape
	}
	return source
}
