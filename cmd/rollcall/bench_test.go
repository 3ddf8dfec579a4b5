package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkCompany takes a made-up company from its APIs and files to a release,
// and again after one event in a hundred more; beside it those who read some of
// the same pages: a bare client, DuckDB's read_json, and dlt with the Python that
// ROLLCALL_BENCH_PYTHON names. ROLLCALL_BENCH_SCALES lists the scales, 1 if unset.
// Every one is a process of its own, and so is the company.
func BenchmarkCompany(b *testing.B) {
	scales := os.Getenv("ROLLCALL_BENCH_SCALES")
	if scales == "" {
		scales = "1"
	}
	for _, text := range strings.Split(scales, ",") {
		scale, err := strconv.ParseFloat(text, 64)
		require.NoError(b, err)
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				began := time.Now()
				company := startCompany(b, scale)
				say("%d logins, %d events, %d more later; made in %.0f s (%.1f CPU seconds, %.0f MB); load %s", company.Logins, company.Events,
					company.Fresh, time.Since(began).Seconds(), company.cpu(b), treeMB(company.pid), load(b))
				benchContest(b, company)
				benchWholeLine(b, company)
			}
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

// benchContest has all contestants read the streams that all can.
func benchContest(b *testing.B, company *benchedCompany) {
	notes := filepath.Join(b.TempDir(), "shared.jsonl")
	require.NoError(b, company.note(notes))
	args := []string{"sync", company.freshConfig(b)}
	for _, stream := range sharedStreams() {
		args = append(args, stream.name)
	}
	ours := watched(b, company, benchCommand(b, args...))
	require.NoError(b, company.note(""))
	bare := watched(b, company, benchCommand(b, "bare", notes))
	reader := watched(b, company, benchCommand(b, "read_json", notes, b.TempDir()))
	contest := [][]cost{ours, bare, reader}
	names := []string{"rollcall", "bare client", "read_json"}
	if python := os.Getenv("ROLLCALL_BENCH_PYTHON"); python != "" {
		contest, names = append(contest, watched(b, company, dlt(b, python, company, notes))), append(names, "dlt")
	}
	records := ours[0].Records
	say("%d records in %d requests of %d MB; load %s", records, bare[0].Records, bare[0].Bytes/1e6, load(b))
	var table strings.Builder
	table.WriteString("| reader | seconds | CPU seconds | the APIs' CPU seconds | records a second | peak MB |\n|---|---|---|---|---|---|\n")
	for i, costs := range contest {
		whole := costs[len(costs)-1]
		for _, c := range costs {
			if c.Stage == "all" || c.Stage == "load" {
				continue
			}
			fmt.Fprintf(&table, "| %s: %s | %.1f | %.1f | %.1f | %.0f | %.0f |\n", names[i], c.Stage, c.Seconds, c.CPU, c.Served, float64(records)/c.Seconds, c.PeakMB)
		}
		if names[i] != "bare client" {
			require.Equal(b, records, costs[len(costs)-2].Records, names[i])
		}
		b.ReportMetric(float64(records)/whole.Seconds, strings.ReplaceAll(names[i], " ", "-")+"-records/s")
		b.ReportMetric(whole.CPU, strings.ReplaceAll(names[i], " ", "-")+"-cpu-s")
	}
	say("the same pages:\n%s", table.String())
}

// freshConfig is the company's configuration for a data directory of its own.
func (c *benchedCompany) freshConfig(b *testing.B) string {
	b.Helper()
	text, err := os.ReadFile(c.Config)
	require.NoError(b, err)
	path := filepath.Join(b.TempDir(), "rollcall.hcl")
	require.NoError(b, os.WriteFile(path, text, 0o600))
	return path
}

// dlt is the process that reads the shared streams with dlt's REST source.
func dlt(b *testing.B, python string, company *benchedCompany, notes string) *exec.Cmd {
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
	dir := b.TempDir()
	text, err := json.Marshal(map[string]any{
		"forums": map[string]string{"forum": company.Places.Forum, "lab": company.Places.Lab}, "github": company.Places.GitHub,
		"queries": queries, "key": demoKey, "dir": dir,
	})
	require.NoError(b, err)
	path := filepath.Join(dir, "task.json")
	require.NoError(b, os.WriteFile(path, text, 0o600))
	cmd := exec.CommandContext(b.Context(), python, "../../internal/world/serve/dlt/pull.py", path)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	return cmd
}

// benchWholeLine takes the company from its sources to a release, twice.
func benchWholeLine(b *testing.B, company *benchedCompany) {
	notes := filepath.Join(b.TempDir(), "all.jsonl")
	costs := watched(b, company, benchCommand(b, "line", company.freshConfig(b), company.Control, notes, company.Ends.Format(time.RFC3339)))
	floor := watched(b, company, benchCommand(b, "bare", notes))
	of := func(name string) cost {
		i := slices.IndexFunc(costs, func(c cost) bool { return c.Stage == name })
		require.GreaterOrEqual(b, i, 0, name)
		return costs[i]
	}
	stored := of(jsonSize)
	say("%d records stored, %d requests of %d MB; load %s", stored.Records, floor[0].Records, floor[0].Bytes/1e6, load(b))
	printStages(b, costs, stored.Records, floor[0])
	for _, name := range []string{jsonSize, lakeSize, martsSize, publicSize} {
		c := of(name)
		say("%s: %.1f MB, %.0f bytes a record", name, float64(c.Bytes)/1e6, float64(c.Bytes)/float64(c.Records))
		b.ReportMetric(float64(c.Bytes)/float64(c.Records), strings.Fields(name)[0]+"-bytes/record")
	}
	b.ReportMetric(costs[len(costs)-1].PeakMB, "peak-MB")
}

// printStages prints what each stage cost, and again for what was new.
func printStages(b *testing.B, costs []cost, stored int64, floor cost) {
	b.Helper()
	var table strings.Builder
	table.WriteString("| stage | records | seconds | CPU seconds | records a second | a CPU second | peak MB | 1 % more: records | seconds | CPU seconds | of the whole |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	var sum, sumMore cost
	add := func(to *cost, c cost) {
		to.Seconds, to.CPU, to.PeakMB = to.Seconds+c.Seconds, to.CPU+c.CPU, max(to.PeakMB, c.PeakMB)
	}
	row := func(c, more cost) {
		fmt.Fprintf(&table, "| %s | %d | %.1f | %.1f | %.0f | %.0f | %.0f | %d | %.1f | %.1f | %.2f |\n", c.Stage, c.Records, c.Seconds, c.CPU,
			float64(c.Records)/c.Seconds, float64(c.Records)/c.CPU, c.PeakMB, more.Records, more.Seconds, more.CPU, more.CPU/c.CPU)
	}
	for _, c := range costs {
		i := slices.IndexFunc(costs, func(more cost) bool { return more.Stage == moreRound+c.Stage })
		if i < 0 {
			continue
		}
		more := costs[i]
		if c.Records == 0 || c.Stage == "publish" {
			c.Records = stored
		}
		add(&sum, c)
		add(&sumMore, more)
		row(c, more)
		name := strings.NewReplacer(" ", "-", ",", "").Replace(c.Stage)
		b.ReportMetric(float64(c.Records)/c.Seconds, name+"-records/s")
		b.ReportMetric(float64(c.Records)/c.CPU, name+"-records/cpu-s")
	}
	sum.Stage, sum.Records = "all", stored
	row(sum, sumMore)
	b.ReportMetric(sum.CPU, "whole-cpu-s")
	b.ReportMetric(sumMore.CPU, "1%-cpu-s")
	b.ReportMetric(sumMore.CPU/sum.CPU, "1%/whole")
	say("stage by stage:\n%s", table.String())
	say("API to raw beside a client that throws the same pages away: %.1f CPU seconds of its own and %.1f of the APIs, %.1f seconds; the APIs took %.1f for rollcall",
		floor.CPU, floor.Served, floor.Seconds, costs[1].Served)
}
