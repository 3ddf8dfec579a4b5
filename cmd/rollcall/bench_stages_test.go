package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// benchWholeLine takes the company from its sources to a release, twice, then
// asks the APIs once more for what was asked the first time.
func benchWholeLine(b *testing.B, company *benchedCompany) {
	notes := filepath.Join(b.TempDir(), "all.jsonl")
	costs := watched(b, company, benchCommand(b, "line", company.copyConfig(b, b.TempDir()), company.Control, notes, company.Ends.Format(time.RFC3339)))
	floor := watched(b, company, benchCommand(b, "bare", notes))[0]
	read, stored := costOf(b, costs, apiStage), costOf(b, costs, jsonSize)
	say("%d records stored; load %s", stored.Records, load(b))
	printStages(b, costs, stored.Records)
	say("%s: %.1f CPU seconds, and %.1f of the APIs; a client that throws the same %d answers of %d MB away: %.1f, %.1f, and %.1f seconds",
		apiStage, read.CPU, read.Served, floor.Records, floor.Bytes/1e6, floor.CPU, floor.Served, floor.Seconds)
	for _, name := range []string{jsonSize, lakeSize, martsSize, publicSize} {
		c := costOf(b, costs, name)
		say("%s: %.1f MB, %.0f bytes a record", name, float64(c.Bytes)/1e6, float64(c.Bytes)/float64(c.Records))
		b.ReportMetric(float64(c.Bytes)/float64(c.Records), strings.Trim(strings.Fields(name)[0], ",")+"-bytes/record")
	}
	b.ReportMetric(costs[len(costs)-1].PeakMB, "peak-MB")
}

func costOf(b *testing.B, costs []cost, stage string) cost {
	b.Helper()
	i := slices.IndexFunc(costs, func(c cost) bool { return c.Stage == stage })
	require.GreaterOrEqual(b, i, 0, stage)
	return costs[i]
}

// printStages prints what each stage cost, and again for what was new. All
// records that are stored pass those that count none.
func printStages(b *testing.B, costs []cost, stored int64) {
	b.Helper()
	table := &stageTable{}
	table.text.WriteString("| stage | records | seconds | CPU seconds | records a second | a CPU second | peak MB | 1 % more: records | seconds | CPU seconds | of the whole |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|\n")
	whole, more := cost{Stage: "all", Records: stored}, cost{}
	for _, c := range costs {
		if !slices.ContainsFunc(costs, func(more cost) bool { return more.Stage == moreRound+c.Stage }) {
			continue
		}
		if c.Records == 0 {
			c.Records = stored
		}
		again := costOf(b, costs, moreRound+c.Stage)
		table.add(c, again)
		whole.add(c)
		more.add(again)
		name := strings.NewReplacer(" ", "-", ",", "").Replace(c.Stage)
		b.ReportMetric(float64(c.Records)/c.Seconds, name+"-records/s")
		b.ReportMetric(float64(c.Records)/c.CPU, name+"-records/cpu-s")
	}
	table.add(whole, more)
	b.ReportMetric(whole.CPU, "whole-cpu-s")
	b.ReportMetric(more.CPU, "1%-cpu-s")
	b.ReportMetric(more.CPU/whole.CPU, "1%/whole")
	say("%s", table.text.String())
}

// add counts another stage in.
func (c *cost) add(other cost) {
	c.Seconds, c.CPU, c.PeakMB = c.Seconds+other.Seconds, c.CPU+other.CPU, max(c.PeakMB, other.PeakMB)
}

// A stageTable is Markdown, a row for each stage.
type stageTable struct{ text strings.Builder }

func (t *stageTable) add(c, more cost) {
	fmt.Fprintf(&t.text, "| %s | %d | %.1f | %.1f | %.0f | %.0f | %.0f | %d | %.1f | %.1f | %.2f |\n", c.Stage, c.Records, c.Seconds, c.CPU,
		float64(c.Records)/c.Seconds, float64(c.Records)/c.CPU, c.PeakMB, more.Records, more.Seconds, more.CPU, more.CPU/c.CPU)
}
