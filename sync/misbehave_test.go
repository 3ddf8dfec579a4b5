package sync

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// misbehave does to the feed's own process what a page's failure asks for.
func misbehave(how string) {
	raw := os.NewFile(1, "stdout") // past go-plugin's replacement of os.Stdout, as a C library would
	switch how {
	case "stdout":
		fmt.Fprintln(raw, strings.Repeat("y", 70_000))
	case "flood":
		for i := range 20_000 {
			slog.Info("flood", "i", i)
		}
	case "hang":
		select {}
	case "freeze":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		select {}
	case "swallow":
		for held := [][]byte{}; ; {
			block := make([]byte, 8<<20)
			for i := 0; i < len(block); i += 4096 {
				block[i] = 1
			}
			held = append(held, block)
		}
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "abort":
		_ = syscall.Kill(os.Getpid(), syscall.SIGABRT)
		select {}
	}
}

func TestMisbehaviour_isNamedAndOtherInstancesGoOn(t *testing.T) {
	for how, want := range map[string]string{
		"hang":    "stalled: no batch, permit request or log line for 1s during Read posts",
		"freeze":  "stopped by a signal (SIGSTOP) and not continued for 1s during Read posts",
		"swallow": "out of memory: limit ",
		"kill":    "killed by SIGKILL",
		"abort":   "SIGABRT",
	} {
		t.Run(how, func(t *testing.T) {
			r := newRig(t)
			r.close()
			r.config.Connectors[0].StallTimeout = time.Second
			r.config.Connectors[0].MemoryLimit = 400 << 20
			r.config.Connectors = append(r.config.Connectors, instance("feed", "two", r.server.URL))
			r.open()
			r.serve(func(stream, _ string) page {
				if stream == "posts" {
					return page{Fail: how}
				}
				return page{Records: numbered(0, 5), End: true, Cursor: "end"}
			})
			outcomes, err := r.engine.Sync(context.Background(), Request{Selections: []Selection{
				{Instance: "one", Streams: []string{"posts"}}, {Instance: "two", Streams: []string{"users"}}}})
			require.NoError(t, err)
			require.Equal(t, []string{"one.posts failed", "two.users ok"}, statuses(outcomes))
			require.Contains(t, outcomes[0].Reason, "connector feed.one died")
			require.Contains(t, outcomes[0].Reason, want)
			require.Contains(t, outcomes[0].Reason, "restarted once")
			require.Equal(t, []string{outcomes[0].Reason}, r.column("select reason from lake.ops.run where stream = 'posts'"))
			require.Len(t, r.versions("users"), 5)
		})
	}
}

func TestMisbehaviour_ofOutputChangesNothing(t *testing.T) {
	r := newRig(t)
	for _, how := range []string{"stdout", "flood"} {
		r.serve(func(_, cursor string) page {
			if cursor == how {
				return page{Records: numbered(5, 10), End: true, Cursor: "end"}
			}
			return page{Records: numbered(0, 5), Cursor: how, Quirk: how}
		})
		out := r.sync("posts")
		require.Equal(t, StatusOK, out.Status, out.Reason)
		require.Len(t, r.versions("posts"), 10)
	}
}

// What no store can take crosses from the child as it is, and ends as a row
// with its reason between neighbours that are stored.
func TestFaultyRecords_areRowsAndTheirNeighboursStored(t *testing.T) {
	r := newRig(t)
	out := r.read("posts", obj("a", `{"id":1}`), obj("utf8", "{\"a\":\"\xff\"}"), obj("b", `{"id":2}`), obj("cut", `{"a":`),
		obj("c", `{"id":3}`), obj("nul", "{\"a\":\"\x00\"}"), obj("d", `{"id":4}`),
		item{Key: "large", Size: 17 << 20}, obj("e", `{"id":5}`))
	require.Equal(t, StatusOK, out.Status, out.Reason)
	require.EqualValues(t, 4, out.Rejected)
	require.EqualValues(t, 5, out.Appended)
	require.Equal(t, []string{"cut: the record is no valid JSON", "large: record of 17.0 MiB, larger than 16 MiB",
		"nul: the record has a NUL byte", "utf8: the record is no valid UTF-8"},
		r.column("select key || ': ' || reason from lake.ops.rejected_record order by key"))
	require.Equal(t, []string{"a", "b", "c", "d", "e"}, r.column(`select key from lake.raw.feed__posts order by key`))
}
