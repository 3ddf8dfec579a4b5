package sql_test

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	rollcallsql "rollcall/sql"
	"rollcall/transforms/kpi"
)

// A header may name a KPI that has no file yet, but not one that nothing else
// knows: that would be a slip, which no operator can mend.
func TestInfluences_nameKPIsThatAreKnown(t *testing.T) {
	known := map[string]bool{}
	files, err := fs.Glob(rollcallsql.FS, "kpi/*/*.sql")
	require.NoError(t, err)
	for _, file := range files {
		known[strings.TrimSuffix(path.Base(file), ".sql")] = true
	}
	for _, file := range []string{"ref/influence.sql", "kpi/pack.sql", "kpi/pack_impact.sql"} {
		text, err := fs.ReadFile(rollcallsql.FS, file)
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`'(\w+)'`).FindAllStringSubmatch(string(text), -1) {
			known[found[1]] = true
		}
	}
	for _, file := range files {
		text, err := fs.ReadFile(rollcallsql.FS, file)
		require.NoError(t, err)
		d, err := kpi.Parse(file, string(text))
		require.NoError(t, err)
		for _, influenced := range d.Influences {
			id, _, _ := strings.Cut(influenced, ":")
			require.True(t, known[id], "%s: influences %s, which is no KPI", file, id)
		}
	}
}
