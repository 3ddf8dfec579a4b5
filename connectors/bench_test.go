package connectors_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

// BenchmarkRead measures the way of records of 680 bytes from a source in a
// child to the host's emit: the time and the CPU of both processes a record.
func BenchmarkRead(b *testing.B) {
	p, source, _ := open(b, "plain", &freeHost{}, nil)
	before := p.CPUTime()
	host := ownCPU(b)
	records := 0
	b.ReportAllocs()
	for b.Loop() {
		err := source.Read(b.Context(), "bulk", connectors.Cursor("100"), func(batch connectors.Batch) error {
			records += len(batch.Records)
			return nil
		})
		require.NoError(b, err)
	}
	perRecord := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(records) }
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(perRecord(p.CPUTime()-before), "child-ns/record")
	b.ReportMetric(perRecord(ownCPU(b)-host), "host-ns/record")
	_, peak := p.RSS()
	b.ReportMetric(float64(peak>>20), "child-MiB")
	require.Zero(b, records%100_000, fmt.Sprint(records))
}

// BenchmarkStart measures a child from nothing to its description and away.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		p, _, err := start(b, "plain", nil)
		require.NoError(b, err)
		require.NoError(b, p.Stop(b.Context()))
	}
}

func ownCPU(b *testing.B) time.Duration {
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
