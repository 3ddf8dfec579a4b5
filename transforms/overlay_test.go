package transforms_test

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	rollcallsql "rollcall/sql"
)

// thinLine are the KPIs that most tests of this package build: one of each way
// to be computed. The values of all others are held by the goldens of package
// sql, and computing every one in every test would take minutes.
func thinLine() []string {
	return []string{"community_mau", "community_new_members", "community_post_volume", "first_response_time_median_hours", "unanswered_question_rate"}
}

// overlay is the product's SQL with no more KPIs than those of the thin line
// and with some files replaced or added.
func overlay(t testing.TB, files map[string]string) fs.FS {
	t.Helper()
	merged := fstest.MapFS{}
	err := fs.WalkDir(rollcallsql.FS, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		isKPI, _ := path.Match("kpi/*/*.sql", file)
		if isKPI && !slices.Contains(thinLine(), strings.TrimSuffix(path.Base(file), ".sql")) {
			return nil
		}
		content, err := fs.ReadFile(rollcallsql.FS, file)
		merged[file] = &fstest.MapFile{Data: content}
		return err
	})
	require.NoError(t, err)
	for file, text := range files {
		merged[file] = &fstest.MapFile{Data: []byte(text)}
	}
	return merged
}
