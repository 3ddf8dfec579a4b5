package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkCompany takes a made-up company from its APIs and files to a release,
// and again after one event in a hundred more (line); and has rollcall and others
// read some of the same pages (readers): a bare client, DuckDB's read_json, and
// dlt with the Python that ROLLCALL_BENCH_PYTHON names. ROLLCALL_BENCH_SCALES
// lists the scales, 1 if unset. Each is a process of its own, as is the company.
func BenchmarkCompany(b *testing.B) {
	scales := os.Getenv("ROLLCALL_BENCH_SCALES")
	if scales == "" {
		scales = "1"
	}
	for _, text := range strings.Split(scales, ",") {
		scale, err := strconv.ParseFloat(text, 64)
		require.NoError(b, err)
		b.Run(text, func(b *testing.B) {
			b.Run("readers", func(b *testing.B) {
				for b.Loop() {
					benchContest(b, startCompany(b, scale), scale)
				}
			})
			b.Run("line", func(b *testing.B) {
				for b.Loop() {
					benchWholeLine(b, startCompany(b, scale))
				}
			})
		})
	}
}

// say prints a line; a benchmark's own log is cut after ten.
func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func load(b *testing.B) string {
	b.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	require.NoError(b, err)
	return strings.Fields(string(text))[0]
}

// contestRounds is how often each contestant reads the shared streams, in turns;
// the run of the middle CPU time counts. Past maxContested one has to do.
const (
	contestRounds = 3
	maxContested  = 1
)

// A contestant is one who reads the shared streams.
type contestant struct {
	name    string
	command func(dir string) *exec.Cmd
	runs    [][]cost
}

// benchContest has all contestants read the streams that all can.
func benchContest(b *testing.B, company *benchedCompany, scale float64) {
	notes := filepath.Join(b.TempDir(), "shared.jsonl")
	contestants := company.contestants(b, notes)
	require.NoError(b, company.note(notes))
	for round := range contestRounds {
		for _, c := range contestants {
			dir := b.TempDir()
			costs := watched(b, company, c.command(dir))
			whole := &costs[len(costs)-1]
			whole.Bytes = databaseSize(b, dir)
			c.runs = append(c.runs, costs)
			if round == 0 && c == contestants[0] { // the others ask for what rollcall did
				require.NoError(b, company.note(""))
			}
		}
		if scale > maxContested {
			break
		}
	}
	printContest(b, contestants)
}

func (c *benchedCompany) contestants(b *testing.B, notes string) []*contestant {
	list := []*contestant{
		{name: "rollcall", command: func(dir string) *exec.Cmd {
			args := []string{"sync", c.copyConfig(b, dir)}
			for _, stream := range sharedStreams() {
				args = append(args, stream.name)
			}
			return benchCommand(b, args...)
		}},
		{name: "bare client", command: func(string) *exec.Cmd { return benchCommand(b, "bare", notes) }},
		{name: "read_json", command: func(dir string) *exec.Cmd { return benchCommand(b, "read_json", notes, dir) }},
	}
	if python := os.Getenv("ROLLCALL_BENCH_PYTHON"); python != "" {
		for _, format := range []string{"insert_values", "parquet"} {
			list = append(list, &contestant{name: "dlt, " + format, command: func(dir string) *exec.Cmd { return dlt(b, python, c, notes, format, dir) }})
		}
	}
	return list
}

func printContest(b *testing.B, contestants []*contestant) {
	b.Helper()
	requests := contestants[1].runs[0][0]
	records := contestants[0].runs[0][0].Records
	var table strings.Builder
	table.WriteString("| reader | seconds | CPU seconds | times rollcall's | records a second | peak MB | MB on disk | the APIs' CPU seconds |\n|---|---|---|---|---|---|---|---|\n")
	var ours float64
	for _, c := range contestants {
		slices.SortFunc(c.runs, func(x, y []cost) int { return cmp.Compare(x[len(x)-1].CPU, y[len(y)-1].CPU) })
		costs := c.runs[len(c.runs)/2]
		whole := costs[len(costs)-1]
		if ours == 0 {
			ours = whole.CPU
		}
		if c.name != "bare client" {
			require.Equal(b, records, costs[len(costs)-2].Records, c.name)
		}
		fmt.Fprintf(&table, "| %s | %.1f | %.1f | %.2f | %.0f | %.0f | %.1f | %.1f |\n", c.name, whole.Seconds, whole.CPU, whole.CPU/ours,
			float64(records)/whole.Seconds, whole.PeakMB, float64(whole.Bytes)/1e6, whole.Served)
		for _, part := range costs[:len(costs)-1] {
			if len(costs) > 2 {
				fmt.Fprintf(&table, "| %s, %s | %.1f | %.1f | %.2f | | %.0f | | %.1f |\n", c.name, part.Stage, part.Seconds, part.CPU, part.CPU/ours, part.PeakMB, part.Served)
			}
		}
		name := strings.NewReplacer(" ", "-", ",", "").Replace(c.name)
		b.ReportMetric(float64(records)/whole.Seconds, name+"-records/s")
		b.ReportMetric(whole.CPU, name+"-cpu-s")
	}
	say("the same pages, %d records in %d requests of %.1f MB; load %s\n%s", records, requests.Records, float64(requests.Bytes)/1e6, load(b), table.String())
}

// databaseSize is what the DuckDB files below a directory take.
func databaseSize(b *testing.B, dir string) (bytes int64) {
	b.Helper()
	require.NoError(b, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".duckdb") {
			return err
		}
		size, err := diskSize(path)
		bytes += size
		return err
	}))
	return bytes
}

// copyConfig puts the company's configuration into a directory, which then
// holds the data.
func (c *benchedCompany) copyConfig(b *testing.B, dir string) string {
	b.Helper()
	text, err := os.ReadFile(c.Config)
	require.NoError(b, err)
	path := filepath.Join(dir, "rollcall.hcl")
	require.NoError(b, os.WriteFile(path, text, 0o600))
	return path
}

// dlt is the process that reads the shared streams with dlt's REST source.
func dlt(b *testing.B, python string, company *benchedCompany, notes, format, dir string) *exec.Cmd {
	b.Helper()
	asked, err := readNotes(notes)
	require.NoError(b, err)
	var queries []json.RawMessage
	discussions := sharedStreams()[3]
	for _, r := range asked[strings.TrimPrefix(company.Places.GitHub, "http://")] {
		isFirst := strings.Contains(r.Body, `"after":null`)
		if isFirst && discussions.of(r) && !slices.ContainsFunc(queries, func(q json.RawMessage) bool { return string(q) == r.Body }) {
			queries = append(queries, json.RawMessage(r.Body))
		}
	}
	require.NotEmpty(b, queries)
	text, err := json.Marshal(map[string]any{
		"forums": map[string]string{"forum": company.Places.Forum, "lab": company.Places.Lab}, "github": company.Places.GitHub,
		"queries": queries, "key": demoKey, "format": format, "dir": dir,
	})
	require.NoError(b, err)
	path := filepath.Join(dir, "task.json")
	require.NoError(b, os.WriteFile(path, text, 0o600))
	cmd := exec.CommandContext(b.Context(), python, "../../internal/world/serve/dlt/pull.py", path)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	return cmd
}
