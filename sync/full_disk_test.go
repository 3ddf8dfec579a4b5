package sync

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
)

// limitFiles makes every file of this process full at so many bytes, which
// fails a write as a full disk does, and returns what lifts it again.
func limitFiles(t *testing.T, bytes uint64) (lift func()) {
	t.Helper()
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	signal.Ignore(syscall.SIGXFSZ)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: before.Max}))
	return func() { require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)) }
}

func TestDiskFull_endsTheRunAndTheNextOneHeals(t *testing.T) {
	r := newRig(t)
	// Text that does not compress, so that the file grows with it.
	wide := func(from, until int) (items []item) {
		for i := from; i < until; i++ {
			var text strings.Builder
			for j := range 40 {
				fmt.Fprintf(&text, "%x", keyHash(fmt.Sprint(i, j)))
			}
			items = append(items, obj(fmt.Sprint(i), fmt.Sprintf(`{"id":%d,"text":%q}`, i, text.String())))
		}
		return items
	}
	const pages, each = 12, 1000
	answer := func(_, cursor string) page {
		var n int
		_, _ = fmt.Sscan(cursor, &n)
		return page{Records: wide(n*each, (n+1)*each), Cursor: fmt.Sprint(n + 1), End: n == pages-1}
	}
	r.read("posts", wide(0, 1)...)
	r.serve(answer)
	info, err := os.Stat(warehouse.LakePath(r.dir))
	require.NoError(t, err)
	lift := limitFiles(t, uint64(info.Size())+1<<20)
	out := r.sync("posts", func(q *Request) { q.Full = true })
	require.Equal(t, StatusFailed, out.Status)
	require.Contains(t, out.Reason, "disk full")
	require.Contains(t, out.Reason, r.dir)
	again := r.sync("posts")
	require.Equal(t, StatusFailed, again.Status, "it is still full")
	lift()
	healed := r.sync("posts", func(q *Request) { q.Full = true })
	require.Equal(t, StatusOK, healed.Status, healed.Reason)
	require.Equal(t, []string{fmt.Sprint(pages * each)}, r.column("select count(distinct key) from lake.raw.feed__posts"))
	require.Empty(t, r.column("select key from lake.raw.feed__posts group by key, version having count(*) > 1"))
	r.reopen()
	require.NoError(t, r.db.Verify(t.Context(), warehouse.LakeCatalog))
	require.Equal(t, []string{fmt.Sprint(pages * each)}, r.column("select count(*) from lake.raw.feed__posts where not is_deleted"))
}

func TestDiskFull_thatFailsACheckpointDoesNotStopTheSchedule(t *testing.T) {
	r, ctx := newRig(t), t.Context()
	r.read("posts", numbered(0, 10)...)
	require.NoError(t, r.db.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		return tx.Exec(ctx, "create table raw.big as select md5(i::varchar) as s from range(100000) r(i)")
	}))
	info, err := os.Stat(warehouse.LakePath(r.dir))
	require.NoError(t, err)
	lift := limitFiles(t, uint64(info.Size()))
	err = r.db.Lake.Checkpoint(ctx)
	lift()
	require.True(t, warehouse.IsDiskFull(err), "%v", err)
	due, err := r.engine.Due(ctx, r.clock.Now())
	require.NoError(t, err)
	require.Equal(t, []string{"users", "topics", "views"}, due[0].Streams)
}
