package sync

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func statuses(outcomes []Outcome) (all []string) {
	for _, o := range outcomes {
		all = append(all, o.Instance+"."+o.Stream+" "+string(o.Status))
	}
	return all
}

func TestFailures_endAsTheStatusTheContractGives(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	cases := map[string][]string{
		"forbidden":    {"one.posts forbidden", "one.users ok", "one.topics ok", "one.views ok"},
		"unauthorized": {"one.posts failed", "one.users skipped", "one.topics skipped", "one.views skipped"},
		"config":       {"one.posts failed", "one.users skipped", "one.topics skipped", "one.views skipped"},
		"limited":      {"one.posts paused", "one.users paused", "one.topics paused", "one.views paused"},
		"transient":    {"one.posts failed", "one.users ok", "one.topics ok", "one.views ok"},
		"odd":          {"one.posts failed", "one.users ok", "one.topics ok", "one.views ok"},
	}
	for fail, want := range cases {
		r.serve(func(stream, _ string) page {
			if stream == "posts" {
				return page{Fail: fail, Until: r.clock.Now().Add(time.Hour)}
			}
			return page{End: true}
		})
		outcomes, err := r.engine.Sync(ctx, Request{})
		require.NoError(t, err)
		require.Equal(t, want, statuses(outcomes), fail)
		require.NotEmpty(t, outcomes[0].Reason, fail)
		logged := r.column("select status from lake.ops.run where run_id = ?", outcomes[0].RunID)
		require.Equal(t, []string{string(outcomes[0].Status)}, logged, fail)
	}
}

func TestTransient_stopsAnInstanceThatIsDown(t *testing.T) {
	r := newRig(t)
	r.server.Close()
	outcomes, err := r.engine.Sync(context.Background(), Request{})
	require.NoError(t, err)
	require.Equal(t, []string{"one.posts failed", "one.users skipped", "one.topics skipped", "one.views skipped"}, statuses(outcomes))
	require.Contains(t, outcomes[1].Reason, "stopped at stream posts")
	require.Contains(t, outcomes[1].Reason, "connection refused")
}

func TestTransient_isReadAgainAndProgressCountsAnew(t *testing.T) {
	r := newRig(t)
	n := 0
	r.serve(func(_, cursor string) page {
		n++
		p := page{Records: numbered(n, n+1), Cursor: fmt.Sprint(n)}
		if p.End = n == 20; !p.End {
			p.Fail = "transient"
		}
		return p
	})
	out := r.sync("posts")
	require.Equal(t, StatusOK, out.Status, out.Reason)
	require.EqualValues(t, 20, out.Appended)
}

func TestTransient_withoutACursorIsNoProgressAndEnds(t *testing.T) {
	for name, change := range map[string]func(*Request){
		"continue": func(*Request) {}, "since": func(q *Request) { q.Since = time.Unix(1, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			waits := 0
			r.clock.sleep = func(time.Duration) {
				if waits++; waits > 20 {
					panic("the stream is read again for ever")
				}
			}
			r.serve(always(page{Records: numbered(0, 10), Fail: "transient"}))
			out := r.sync("posts", change)
			require.Equal(t, StatusFailed, out.Status)
			require.EqualValues(t, 10, out.Appended)
			require.Equal(t, maxRetries, waits)
		})
	}
}

func TestCursorExpired_startsOverOnceAndSaysSo(t *testing.T) {
	r := newRig(t)
	r.read("posts", numbered(0, 3)...)
	r.serve(func(_, cursor string) page {
		if cursor == "end" {
			return page{Fail: "expired"}
		}
		return page{Records: numbered(1, 4), End: true, Cursor: "new"}
	})
	out := r.sync("posts")
	require.Equal(t, StatusOK, out.Status)
	require.Contains(t, out.Reason, "from the beginning")
	require.EqualValues(t, 1, out.Appended)
	require.EqualValues(t, 0, out.Tombstones, "a stream without a census may list less")
	require.Equal(t, []string{"posts?end", "posts?"}, r.requests())
	r.serve(always(page{Fail: "expired"}))
	require.Equal(t, StatusFailed, r.sync("posts").Status)
}

func TestChild_isRestartedOnceFromTheLastStoredBatch(t *testing.T) {
	r := newRig(t)
	deaths := 0
	die := func(times int) func(string, string) page {
		return func(_, cursor string) page {
			switch cursor {
			case "", "end":
				return page{Records: numbered(0, 5), Cursor: "5", Bucket: "slow"}
			case "5":
				return page{Records: numbered(5, 10), Cursor: "10", Bucket: "slow"}
			default:
				if deaths < times {
					deaths++
					return page{Fail: "kill"}
				}
				return page{Records: numbered(10, 20), End: true, Cursor: "end"}
			}
		}
	}
	// The third page is asked for once the two before are stored.
	stored := make(chan bool, 8)
	r.events = func(e Event) {
		if !e.Ended {
			stored <- true
		}
	}
	r.clock.sleep = func(time.Duration) { <-stored }
	r.serve(die(1))
	out := r.sync("posts")
	require.Equal(t, StatusOK, out.Status, out.Reason)
	require.Equal(t, []string{"posts?", "posts?5", "posts?10", "posts?10"}, r.requests())
	require.Len(t, r.versions("posts"), 20)

	deaths = -10
	r.clock.sleep = nil
	r.clock.advance(time.Hour)
	r.serve(always(page{Fail: "kill"}))
	out = r.sync("posts")
	require.Equal(t, StatusFailed, out.Status)
	require.Contains(t, out.Reason, "restarted once")
	require.Len(t, r.requests(), 2)
}

func TestStop_storesTheBatchInHandAndEndsInterrupted(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(context.Background())
	r.serve(func(_, cursor string) page {
		if cursor == "" {
			return page{Records: numbered(0, 50), Cursor: "50", Bucket: "slow"}
		}
		<-ctx.Done()
		return page{Records: numbered(50, 60), Cursor: "60", Bucket: "slow"}
	})
	r.events = func(e Event) { cancel() }
	start := time.Now()
	outcomes, err := r.engine.Sync(ctx, Request{})
	require.NoError(t, err)
	require.Equal(t, []string{"one.posts interrupted", "one.users interrupted", "one.topics interrupted", "one.views interrupted"}, statuses(outcomes))
	require.Less(t, time.Since(start), 8*time.Second)
	require.Len(t, r.versions("posts"), 50)
	require.Equal(t, []string{"50"}, r.column("select cursor::varchar from lake.ops.cursor"))
	due, err := r.engine.Due(context.Background(), r.clock.Now())
	require.NoError(t, err)
	require.Contains(t, due[0].Streams, "posts")
}

func TestNew_closesTheRunsOfADeadProcess(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	stream, _ := feed{}.Spec().Stream("posts")
	_, err := r.engine.begin(ctx, &child{engine: r.engine, config: r.config.Connectors[0]}, stream, Request{})
	require.NoError(t, err)
	r.reopen()
	status, err := r.engine.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, StatusInterrupted, status[0].LastStatus)
	require.NotEmpty(t, status[0].Reason)
}
