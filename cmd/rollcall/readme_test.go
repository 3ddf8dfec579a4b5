package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/kpi"
)

var (
	readmeQuery = regexp.MustCompile("(?s)```sql\n(select [^`]*)\n```\n\n```text\n([^`]*)\n```")
	readmeKPI   = regexp.MustCompile("(?s)```sql\n(/\\*\nkpi .*?)```")
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	return string(text)
}

// readmeQueries runs each query of the README on a site made by demo: it has
// the columns and, where the days do not decide, the number of rows shown.
func (s *site) readmeQueries(config string) {
	s.t.Helper()
	examples := readmeQuery.FindAllStringSubmatch(readme(s.t), -1)
	require.Len(s.t, examples, 6)
	for _, example := range examples {
		shown := strings.Split(example[2], "\n")
		got := strings.Split(strings.TrimSpace(s.ok("query", "--config", config, example[1])), "\n")
		require.Equal(s.t, strings.Fields(shown[0]), strings.Split(got[0], "\t"), example[1])
		require.Len(s.t, got, len(shown), example[1])
	}
}

func TestReadme_showsAKPIFileThatParses(t *testing.T) {
	example := readmeKPI.FindStringSubmatch(readme(t))
	require.NotNil(t, example)
	d, err := kpi.Parse("kpi/health/thread_starters.sql", example[1])
	require.NoError(t, err)
	require.Equal(t, "thread_starters", d.ID)
}
