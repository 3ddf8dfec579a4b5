package transforms_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	rollcallsql "rollcall/sql"
	"rollcall/transforms"
)

// benchMemory is DuckDB's own limit for a build that may take 4 GB resident.
const benchMemory = "2800MB"

// BenchmarkBuild builds a forum of ROLLCALL_BENCH_ACTIVITIES (a million unless
// set) whole, and again after one new post in a hundred. Times are from the
// first model on: what comes before is the price of syncing.
func BenchmarkBuild(b *testing.B) {
	activities := 1_000_000
	if text := os.Getenv("ROLLCALL_BENCH_ACTIVITIES"); text != "" {
		var err error
		activities, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	for b.Loop() {
		f := newBenchForum(b, activities)
		f.openForBuild(b)
		resetPeak(b)
		whole := f.timed(b)
		b.ReportMetric(whole.seconds(), "s/build")
		b.ReportMetric(float64(peakMB(b)), "peak-MB")
		b.ReportMetric(float64(activities)/whole.seconds(), "rows/s")
		b.ReportMetric(whole[cpu].Seconds(), "cpu-s/build")
		f.addOnePercent()
		after := f.timed(b)
		b.ReportMetric(after.seconds(), "s/1%")
		b.ReportMetric(after.seconds()/whole.seconds(), "1%/build")
		b.ReportMetric(after[cpu].Seconds()/whole[cpu].Seconds(), "cpu-1%/build")
		b.Logf("%d activities, whole: slowest %s", activities, whole.slowest(3))
		b.Logf("%d activities, 1%% new: slowest %s", activities, after.slowest(3))
		require.NoError(b, f.db.Close())
	}
}

// newBenchForum fills a lake. What the tests' lake does at cleanup, the
// benchmark does itself, to measure with a fresh instance.
func newBenchForum(b *testing.B, activities int) *benchForum {
	b.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(b, err)
	dir := b.TempDir()
	f := &benchForum{activities: activities, lake: &lake{t: b, now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), cfg: &config.Config{
		DataDir: dir, TimeZone: zone, Currency: "EUR", FiscalYearStart: time.January, Publish: config.Publish{PersonLevel: true, Keep: 3},
	}}}
	f.openForBuild(b)
	_, err = f.db.Migrate(b.Context(), f.cfg.BackupsDir(), f.now)
	require.NoError(b, err)
	for _, stream := range []string{"posts", "acts"} {
		f.createRaw("forum", stream)
		f.cover("forum", "all", stream)
	}
	f.put("forum", "all", "posts", "0", object{"id": "archive:all:thread:0", "community": "archive:two", "author": "archive:all:0", "kind": "thread", "at": "2023-05-21T00:00:00Z"}, false)
	f.put("forum", "all", "acts", "0", object{"id": "archive:all:event:0", "community": "archive:two", "author": "archive:all:0", "kind": "view", "at": "2023-05-21T00:00:00Z"}, false)
	f.build(f.builder(benchSource())) // makes the tables
	f.fill()
	return f
}

// openForBuild opens the files anew with the memory of a build.
func (f *benchForum) openForBuild(b *testing.B) {
	b.Helper()
	var err error
	if f.db != nil {
		require.NoError(b, f.db.Lake.Checkpoint(b.Context()))
		require.NoError(b, f.db.Close())
	}
	f.db, err = warehouse.Open(b.Context(), warehouse.Options{Dir: f.cfg.DataDir, MemoryLimit: benchMemory, Threads: 2})
	require.NoError(b, err)
}

// A timing is how long each step of a build took, from the first model on; "" is
// all of it, cpu what that took of the processors.
type timing map[string]time.Duration

const cpu = "cpu"

// cpuTime is what this process has taken of the processors: what else runs on
// the machine does not change it much.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func (f *benchForum) timed(b *testing.B) timing {
	b.Helper()
	took := timing{}
	var staged time.Time
	var begun time.Duration
	options := f.options(rollcallsql.FS, benchSource())
	clock := time.Now()
	options.Now = func() time.Time { return f.now.Add(time.Since(clock)) }
	options.Events = func(e transforms.Event) {
		if slices.Contains([]string{"parse", "stage", "write", "identity"}, e.Step) {
			begun = cpuTime(b)
			return
		}
		if staged.IsZero() {
			staged = time.Now().Add(-e.Took)
		}
		took[e.Step+" "+e.Name] += e.Took
	}
	builder, err := transforms.New(b.Context(), options)
	require.NoError(b, err)
	build, err := builder.Build(b.Context(), transforms.BuildRequest{})
	require.NoError(b, err)
	took[""], took[cpu] = time.Since(staged), cpuTime(b)-begun
	require.NotZero(b, build.KPIs)
	return took
}

func (t timing) seconds() float64 { return t[""].Seconds() }

// slowest names the steps that took longest. KPIs are computed beside each
// other, each by one processor.
func (t timing) slowest(n int) string {
	names := slices.Collect(maps.Keys(t))
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" || name == cpu })
	slices.SortFunc(names, func(x, y string) int { return cmp.Compare(t[y], t[x]) })
	var list []string
	for _, name := range names[:min(n, len(names))] {
		list = append(list, fmt.Sprintf("%s %.2f s", name, t[name].Seconds()))
	}
	return strings.Join(list, ", ")
}

// resetPeak forgets the peak of resident memory that filling the lake needed.
func resetPeak(b *testing.B) {
	b.Helper()
	require.NoError(b, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200))
}

// peakMB is the peak of resident memory since.
func peakMB(b *testing.B) int64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/status")
	require.NoError(b, err)
	for line := range strings.Lines(string(text)) {
		if size, found := strings.CutPrefix(line, "VmHWM:"); found {
			kB, err := strconv.ParseInt(strings.Fields(size)[0], 10, 64)
			require.NoError(b, err)
			return kB / 1024
		}
	}
	b.Fatal("no VmHWM")
	return 0
}
