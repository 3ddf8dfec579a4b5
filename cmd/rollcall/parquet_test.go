package main

import (
	"database/sql"
	_ "embed"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/connectortest/python"
)

// summedScript prints a line for each column of Parquet files, as
// [columnsOf] does, read by PyArrow and by Polars.
//
//go:embed testdata/summed.py
var summedScript string

var exportedType = regexp.MustCompile(`^(BOOLEAN|INTEGER|BIGINT|DOUBLE|VARCHAR|DATE|TIMESTAMP|DECIMAL\((\d|1[0-8]),\d+\))$`)

// A BI tool's readers see what DuckDB sees: the same rows, types and sums, in
// the Parquet files as in the published database.
func TestParquet_saysTheSameToEveryReader(t *testing.T) {
	interpreter := python.With(t, "pyarrow", "polars")
	s := builtSite(t, `
publish { parquet = ["core.thread", "core.community_member", "mart.question_response", "mart.person_period", "mart.activity"] }
`)
	s.ok("publish")
	tree := s.path("data/published/parquet")
	var files []string
	require.NoError(t, filepath.WalkDir(tree, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	require.Greater(t, len(files), 15)
	db, err := sql.Open("duckdb", s.path("data/published/rollcall.duckdb")+"?access_mode=read_only")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()

	var want []string
	for _, file := range files {
		schema, name := filepath.Base(filepath.Dir(file)), strings.TrimSuffix(filepath.Base(file), ".parquet")
		inFile := columnsOf(t, db, file, fmt.Sprintf("read_parquet('%s')", file))
		require.Equal(t, columnsOf(t, db, file, schema+"."+name), inFile)
		want = append(want, inFile...)
	}
	for _, reader := range []string{"pyarrow", "polars"} {
		cmd := exec.Command(interpreter, append([]string{"-c", summedScript, reader}, files...)...)
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", output)
		sameColumns(t, reader, want, strings.Split(strings.TrimSpace(string(output)), "\n"))
	}
}

// columnsOf gives "file column type rows values sum" of every column. The sum is
// of numbers, of flags that are set, of letters, of days and of microseconds.
func columnsOf(t *testing.T, db *sql.DB, file, table string) []string {
	t.Helper()
	rows, err := db.Query("select column_name, column_type from (describe select * from " + table + ")")
	require.NoError(t, err)
	var columns []string
	for rows.Next() {
		var name, kind string
		require.NoError(t, rows.Scan(&name, &kind))
		require.Regexp(t, exportedType, kind, "%s of %s", name, file)
		sum := map[string]string{"BOOLEAN": "count(*) filter (where %s)", "DOUBLE": "fsum(%s)", "VARCHAR": "sum(length(%s))",
			"DATE": "sum(%s - date '1970-01-01')", "TIMESTAMP": "sum(cast(epoch_us(%s) as hugeint))"}[kind]
		if sum == "" {
			sum = "sum(%s)"
		}
		columns = append(columns, fmt.Sprintf("select concat_ws('\t', '%[1]s', '%[2]s', '%[3]s', count(*), count(%[2]s), coalesce(cast(%[4]s as varchar), '0')) from %[5]s",
			file, `"`+name+`"`, kind, fmt.Sprintf(sum, `"`+name+`"`), table))
	}
	require.NoError(t, rows.Close())
	var printed []string
	for _, query := range columns {
		var line string
		require.NoError(t, db.QueryRow(query).Scan(&line))
		printed = append(printed, strings.ReplaceAll(line, `"`, ""))
	}
	return printed
}

// sameColumns compares lines; sums of doubles to nine digits, since readers add
// in another order.
func sameColumns(t *testing.T, reader string, want, found []string) {
	t.Helper()
	require.Len(t, found, len(want), reader)
	numbers := 0
	for i := range want {
		w, f := strings.Split(want[i], "\t"), strings.Split(found[i], "\t")
		require.Equal(t, w[:5], f[:5], reader)
		if w[2] != "DOUBLE" {
			require.Equal(t, w, f, reader)
			continue
		}
		numbers++
		a, err := strconv.ParseFloat(w[5], 64)
		require.NoError(t, err)
		b, err := strconv.ParseFloat(f[5], 64)
		require.NoError(t, err)
		require.InDelta(t, a, b, 1e-9*max(1, a, -a), "%s: %s", reader, want[i])
	}
	require.Positive(t, numbers)
	require.True(t, slices.ContainsFunc(want, func(line string) bool { return strings.Contains(line, "\tTIMESTAMP\t") }))
}
