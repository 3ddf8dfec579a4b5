package files

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

// million writes a packed CSV file of a million rows.
func million(t testing.TB, dir string) {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, "a.csv.gz"))
	require.NoError(t, err)
	z, err := gzip.NewWriterLevel(file, gzip.BestSpeed)
	require.NoError(t, err)
	w := bufio.NewWriter(z)
	fmt.Fprintln(w, "id,email,created")
	for i := range 1_000_000 {
		fmt.Fprintf(w, "%d,\"person%d@example.org\",2026-01-02 03:04:05\n", i, i)
	}
	require.NoError(t, w.Flush())
	require.NoError(t, z.Close())
	require.NoError(t, file.Close())
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(file.Name(), old, old))
}

func TestRead_holdsAMillionRowsInFlatMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a million rows")
	}
	l := open(t, contacts("a.csv.gz", `"mapping": {"source_user_id": "id", "email": "email", "created_at": "created"}`))
	million(t, l.dir)
	records, peak := 0, uint64(0)
	var stats runtime.MemStats
	err := l.source.Read(t.Context(), "identity", nil, func(b connectors.Batch) error {
		records += len(b.Records)
		if records%100_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&stats)
			peak = max(peak, stats.HeapAlloc)
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 1_000_000, records)
	require.Less(t, peak, uint64(32<<20))
}

func BenchmarkRead_aMillionRows(b *testing.B) {
	dir := b.TempDir()
	million(b, dir)
	source, err := New().Open(b.Context(), connectors.Settings(fmt.Sprintf(
		`{"file": {"a": {"path": %q, "stream": "identity", "mapping": {"source_user_id": "id", "email": "email", "created_at": "created"}}}}`, filepath.Join(dir, "a.csv.gz"))), nil)
	require.NoError(b, err)
	for b.Loop() {
		require.NoError(b, source.Read(b.Context(), "identity", nil, func(connectors.Batch) error { return nil }))
	}
	b.ReportMetric(1e6*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
