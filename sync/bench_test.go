package sync

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The benchmarks run every contestant in a process of its own, against a
// server in another: "TEST bench ROLE DIR URL".

// contest runs one contestant in its own process.
func contest(b *testing.B, role, dir, address string, total int) (m measure) {
	b.Helper()
	cmd := exec.Command("/proc/self/exe", "bench", role, dir, address)
	cmd.Env = append(os.Environ(), "BENCH_TOTAL="+strconv.Itoa(total))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(b, err)
	require.NoError(b, json.Unmarshal(out, &m))
	return m
}

// startServer runs a page server in its own process.
func startServer(b *testing.B, records int, latency time.Duration) (address string) {
	b.Helper()
	cmd := exec.Command("/proc/self/exe", "bench", "server", strconv.Itoa(records), latency.String())
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	_, err = fmt.Fscanln(out, &address)
	require.NoError(b, err)
	return address
}

// BenchmarkThroughput reads pages of 1,000 records of 680 bytes through a
// child into the lake, beside a bare loop and DuckDB's own reader, rounds
// interleaved. ROLLCALL_BENCH_RECORDS lists the sizes, -benchtime Nx the
// rounds.
func BenchmarkThroughput(b *testing.B) {
	sizes := os.Getenv("ROLLCALL_BENCH_RECORDS")
	if sizes == "" {
		sizes = "100000,1000000"
	}
	for _, size := range strings.Split(sizes, ",") {
		total, err := strconv.Atoi(size)
		require.NoError(b, err)
		b.Run(size, func(b *testing.B) {
			address := startServer(b, total, 0)
			var engine, bare, reader []measure
			for b.Loop() {
				engine = append(engine, contest(b, "engine", b.TempDir(), address, total))
				bare = append(bare, contest(b, "bare", b.TempDir(), address, total))
				reader = append(reader, contest(b, "read_json", b.TempDir(), address, total))
			}
			e, l, r := median(engine), median(bare), median(reader)
			require.EqualValues(b, total, e.Records)
			require.EqualValues(b, total, l.Records)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(e.rate(), "records/s")
			b.ReportMetric(l.rate(), "bare-loop/s")
			b.ReportMetric(r.rate(), "read_json/s")
			b.ReportMetric(e.rate()/l.rate(), "of-bare-loop")
			b.ReportMetric(e.cpu(), "cpu-µs/record")
			b.ReportMetric(l.cpu(), "bare-cpu-µs/record")
			b.ReportMetric(float64(e.HostRSS), "host-MB")
			b.ReportMetric(float64(e.ChildRSS), "child-MB")
			b.ReportMetric(float64(e.EndRSS)/float64(max(e.HalfRSS, 1)), "rss-end/half")
			b.ReportMetric(e.Load, "load-hashes-s")
			b.ReportMetric(e.Second, "empty-page-warm-s")
		})
	}
}

// median is the run whose rate is in the middle.
func median(all []measure) measure {
	slices.SortFunc(all, func(a, b measure) int { return int(a.rate() - b.rate()) })
	return all[len(all)/2]
}

// BenchmarkLatency reads 100 pages that take 20 ms each: the waiting should
// be hidden behind the writing. It stands beside a loop that only fetches.
func BenchmarkLatency(b *testing.B) {
	const pages, wait = 100, 20 * time.Millisecond
	address := startServer(b, pages*perPage, wait)
	for b.Loop() {
		start := time.Now()
		for n := range pages {
			_, err := get(b.Context(), address+"/page?n="+strconv.Itoa(n))
			require.NoError(b, err)
		}
		alone := time.Since(start).Seconds()
		m := contest(b, "engine", b.TempDir(), address, pages*perPage)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(m.Sync, "sync-s")
		b.ReportMetric(alone, "waiting-alone-s")
		b.ReportMetric(m.Sync/alone, "of-waiting-alone")
	}
}

// BenchmarkEmptyPage syncs a stream of a million stored records that has
// nothing new: once from a cold process, once inside it.
func BenchmarkEmptyPage(b *testing.B) {
	const total = 1_000_000
	address, dir := startServer(b, total, 0), b.TempDir()
	contest(b, "engine", dir, address, total)
	for b.Loop() {
		m := contest(b, "engine", dir, address, total)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(m.SecondCold, "cold-s")
		b.ReportMetric(m.Second, "inside-the-daemon-s")
		b.ReportMetric(m.Load, "load-hashes-s")
	}
}

// BenchmarkStored reads a million records on top of so many that are stored
// (ROLLCALL_BENCH_STORED, else a million), beside a million read into an empty
// lake before and after.
func BenchmarkStored(b *testing.B) {
	const more = 1_000_000
	stored := more
	if n, err := strconv.Atoi(os.Getenv("ROLLCALL_BENCH_STORED")); err == nil {
		stored = n
	}
	dir, small, address := b.TempDir(), startServer(b, more, 0), startServer(b, stored+more, 0)
	before := contest(b, "engine", b.TempDir(), small, more)
	filled := contest(b, "engine", dir, startServer(b, stored, 0), stored)
	b.Logf("filled: %+v", filled)
	m := contest(b, "engine", dir, address, more)
	after := contest(b, "engine", b.TempDir(), small, more)
	b.Logf("on top: %+v", m)
	require.EqualValues(b, stored, filled.Records)
	require.EqualValues(b, more, m.Records)
	fresh := (before.Onward + after.Onward) / 2
	for b.Loop() { // once is enough
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(filled.rate(), "filling/s")
	b.ReportMetric(float64(filled.HostRSS+filled.ChildRSS), "filling-MB")
	b.ReportMetric(fresh, "on-empty/s")
	b.ReportMetric(m.Onward, "on-stored/s")
	b.ReportMetric(m.Onward/fresh, "of-on-empty")
	b.ReportMetric(filled.Load, "load-hashes-s")
	b.ReportMetric(float64(m.HostRSS), "host-MB")
	b.ReportMetric(float64(m.ChildRSS), "child-MB")
}
