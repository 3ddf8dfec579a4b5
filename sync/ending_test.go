package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/config"
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

func TestPause_isKeptOverARestartAndThenDue(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	until := r.clock.Now().Add(3 * time.Hour).Truncate(time.Second)
	r.serve(always(page{Records: numbered(0, 2), Cursor: "2", Fail: "limited", Until: until}))
	_, err := r.engine.Sync(ctx, Request{})
	require.NoError(t, err)
	r.reopen()
	r.clock.advance(2 * time.Hour)
	due, err := r.engine.Due(ctx, r.clock.Now())
	require.NoError(t, err)
	require.Empty(t, due)
	next, err := r.engine.NextDue(ctx, r.clock.Now())
	require.NoError(t, err)
	require.True(t, until.Equal(next), "%s", next)
	status, err := r.engine.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, StatusPaused, status[0].LastStatus)
	require.True(t, until.Equal(status[0].PausedUntil))
	due, err = r.engine.Due(ctx, until)
	require.NoError(t, err)
	require.Equal(t, []Selection{{Instance: "one", Streams: []string{"posts", "users", "topics", "views"}}}, due)
	r.serve(always(page{Records: numbered(2, 4), End: true}))
	require.EqualValues(t, 2, r.sync("posts").Appended)
	require.Equal(t, []string{"posts?2"}, r.requests())
}

func TestDue_followsSchedulesAndFailures(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	c := &r.config.Connectors[0]
	c.Streams = map[string]config.Stream{"users": {Schedule: every(24 * time.Hour), Enabled: true}, "topics": {Enabled: false}}
	c.Spec.Streams[3].Every = 2 * time.Hour // views
	require.NoError(t, r.engine.Reload(ctx, r.config))
	due := func() []string {
		selections, err := r.engine.Due(ctx, r.clock.Now())
		require.NoError(t, err)
		if len(selections) == 0 {
			return nil
		}
		return selections[0].Streams
	}
	require.Equal(t, []string{"posts", "users", "views"}, due(), "never run")
	r.serve(always(page{End: true}))
	outcomes, err := r.engine.Sync(ctx, Request{})
	require.NoError(t, err)
	require.Len(t, outcomes, 3)
	require.Nil(t, due())
	next, err := r.engine.NextDue(ctx, r.clock.Now())
	require.NoError(t, err)
	require.True(t, next.Equal(r.clock.Now().Add(time.Hour)))
	r.clock.advance(time.Hour)
	require.Equal(t, []string{"posts"}, due())

	r.serve(always(page{Fail: "odd"}))
	r.sync("posts")
	require.Nil(t, due())
	r.clock.advance(time.Minute)
	require.Equal(t, []string{"posts"}, due(), "a minute after the first failure")
	r.sync("posts")
	r.clock.advance(time.Minute)
	require.Nil(t, due(), "two after the second")
	r.clock.advance(time.Minute)
	require.Equal(t, []string{"posts"}, due())
	r.serve(always(page{Fail: "unauthorized"}))
	r.sync("posts")
	r.clock.advance(50 * time.Minute)
	require.Nil(t, due(), "wrong credentials do not get right by themselves")
	r.serve(always(page{End: true}))
	r.sync("posts", func(q *Request) { q.Since = time.Unix(1, 0) })
	r.clock.advance(11 * time.Minute)
	require.Equal(t, []string{"posts", "views"}, due(), "a read since a time does not move the schedule; views has passed its two hours")
}

func TestSync_skipsAndCountsARunThatMeetsAnother(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	begun, goOn := make(chan bool), make(chan bool)
	r.serve(func(_, cursor string) page {
		if cursor == "" {
			begun <- true
			<-goOn
		}
		return page{End: true, Cursor: "end"}
	})
	ended := make(chan Outcome)
	go func() {
		outcomes, err := r.engine.Sync(ctx, Request{Selections: []Selection{{Instance: "one", Streams: []string{"posts"}}}})
		if err != nil || len(outcomes) != 1 {
			outcomes = []Outcome{{Reason: fmt.Sprint(err)}}
		}
		ended <- outcomes[0]
	}()
	<-begun
	require.Equal(t, StatusSkipped, r.sync("posts").Status)
	due, err := r.engine.Due(ctx, r.clock.Now())
	require.NoError(t, err)
	require.NotContains(t, due[0].Streams, "posts")
	close(goOn)
	require.Equal(t, StatusOK, (<-ended).Status)
	status, err := r.engine.Status(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, status[0].Skipped)
	require.Equal(t, StatusOK, status[0].LastStatus)
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

func TestEstimate_isHonestAfterTenRequestsAndSurvivesAnInterruption(t *testing.T) {
	r := newRig(t)
	const pages = 120
	stored := make(chan Event, 1000)
	r.events = func(e Event) {
		if !e.Ended {
			stored <- e
		}
	}
	var estimates []time.Time
	ctx, cancel := context.WithCancel(context.Background())
	r.clock.sleep = func(time.Duration) { // a page is stored while the next permit is waited for
		e := <-stored
		if estimates = append(estimates, e.Finish); len(estimates) == 40 {
			cancel()
		}
	}
	r.serve(func(_, cursor string) page {
		var n int
		_, _ = fmt.Sscan(cursor, &n)
		return page{Records: numbered(n, n+1), Cursor: fmt.Sprint(n + 1), Done: int64(n + 1), Total: pages, End: n+1 == pages, Bucket: "slow"}
	})
	began := r.clock.Now()
	request := Request{Selections: []Selection{{Instance: "one", Streams: []string{"posts"}}}}
	outcomes, err := r.engine.Sync(ctx, request)
	require.NoError(t, err)
	require.Equal(t, StatusInterrupted, outcomes[0].Status)
	r.reopen()
	status, err := r.engine.Status(context.Background())
	require.NoError(t, err)
	require.False(t, status[0].EstimatedFinish.IsZero())
	outcomes, err = r.engine.Sync(context.Background(), request)
	require.NoError(t, err)
	require.Equal(t, StatusOK, outcomes[0].Status, outcomes[0].Reason)
	took := r.clock.Now().Sub(began)
	require.Greater(t, took, 110*time.Minute, "one request a minute")
	require.InDelta(t, took.Minutes(), estimates[9].Sub(began).Minutes(), 0.2*took.Minutes(), "after the tenth request")
	require.InDelta(t, took.Minutes(), estimates[40].Sub(began).Minutes(), 0.2*took.Minutes(), "the first one after the interruption")
	require.Len(t, r.versions("posts"), pages)
}

func TestMovedFrom_takesOverDataCursorsAndToken(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	r.read("posts", numbered(0, 5)...)
	require.NoError(t, tokens{r.config.KeysDir()}.save("feed", "one", []byte(`{"a":1}`)))
	moved := instance("feed", "two", r.server.URL)
	moved.MovedFrom = "one"
	next := *r.config
	next.Connectors = []config.Connector{r.config.Connectors[0], moved}
	require.ErrorContains(t, r.engine.Reload(ctx, &next), "still configured")
	next.Connectors = next.Connectors[1:]
	require.NoError(t, r.engine.Reload(ctx, &next))
	r.serve(always(page{Records: numbered(0, 6), End: true}))
	outcomes, err := r.engine.Sync(ctx, Request{Selections: []Selection{{Instance: "two", Streams: []string{"posts"}}}})
	require.NoError(t, err)
	require.EqualValues(t, 1, outcomes[0].Appended)
	require.Equal(t, []string{"posts?end"}, r.requests())
	require.Equal(t, []string{"two"}, r.column("select distinct instance from lake.raw.feed__posts"))
	require.FileExists(t, filepath.Join(r.config.KeysDir(), "token-feed-two.json"))
}

func TestPurge_removesAnInstanceTakenOutOfTheConfig(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	r.read("posts", numbered(0, 5)...)
	_, err := r.engine.Purge(ctx, "one")
	require.ErrorContains(t, err, "still configured")
	other := instance("pages", "one", r.server.URL)
	next := *r.config
	next.Connectors = []config.Connector{other}
	require.ErrorContains(t, r.engine.Reload(ctx, &next), "rollcall purge one")
	next.Connectors = nil
	require.NoError(t, r.engine.Reload(ctx, &next))
	status, err := r.engine.Status(ctx)
	require.NoError(t, err)
	require.Len(t, status, 1)
	require.False(t, status[0].Configured)
	require.EqualValues(t, 5, status[0].Rows)
	report, err := r.engine.Purge(ctx, "one")
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"posts": 5}, report.Rows)
	require.Empty(t, r.versions("posts"))
	status, err = r.engine.Status(ctx)
	require.NoError(t, err)
	require.Empty(t, status)
	_, err = r.engine.Purge(ctx, "one")
	require.Error(t, err)
	next.Connectors = []config.Connector{other}
	require.NoError(t, r.engine.Reload(ctx, &next), "the name is free again")
}

func TestCheck_givesASavedTokenBack(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	first, err := r.engine.Check(ctx, "one")
	require.NoError(t, err)
	require.Equal(t, "token ", first.Account)
	second, err := r.engine.Check(ctx, "one")
	require.NoError(t, err)
	require.Equal(t, `token {"access":"fresh"}`, second.Account)
	info, err := os.Stat(filepath.Join(r.config.KeysDir(), "token-feed-one.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = r.engine.Check(ctx, "nobody")
	require.Error(t, err)
}

func TestBadSettings_stopTheInstanceWithTheSetting(t *testing.T) {
	r := newRig(t)
	r.config.Connectors[0].Settings, _ = json.Marshal(map[string]string{"url": "bad"})
	out := r.sync("posts")
	require.Equal(t, StatusFailed, out.Status)
	require.Contains(t, out.Reason, `setting "url"`)
}

func TestPermits_areSharedByCredentialAndGrantedInOrder(t *testing.T) {
	clock, ctx := newClock(), context.Background()
	p := newPermits(clock)
	one, two, other := instance("feed", "one", "http://a"), instance("feed", "two", "http://a"), instance("feed", "three", "http://b")
	start := clock.Now()
	require.NoError(t, p.bucket(one, "slow").wait(ctx, 1))
	require.Equal(t, start, clock.Now(), "the first at once")
	require.NoError(t, p.bucket(other, "slow").wait(ctx, 1))
	require.Equal(t, start, clock.Now(), "another server has its own budget")
	require.NoError(t, p.bucket(two, "slow").wait(ctx, 1))
	require.Equal(t, start.Add(time.Minute), clock.Now(), "the same credential does not")
	require.NoError(t, p.bucket(one, "undeclared").wait(ctx, 1000))
	require.Equal(t, start.Add(time.Minute), clock.Now())

	one.Rates = map[string]config.Rate{"slow": {Limit: 2, Per: time.Minute}}
	require.NoError(t, p.bucket(one, "slow").wait(ctx, 4))
	require.Equal(t, start.Add(3*time.Minute), clock.Now(), "the operator's rate, and a cost above the burst")

	api := p.bucket(one, "api")
	api.report(2, clock.Now().Add(time.Hour))
	api.report(5, clock.Now().Add(time.Hour)) // an answer overtaken by a later one
	now := clock.Now()
	require.NoError(t, api.wait(ctx, 2))
	require.Equal(t, now, clock.Now())
	require.NoError(t, api.wait(ctx, 1))
	require.Equal(t, now.Add(time.Hour), clock.Now(), "spent until the reset")
	require.NoError(t, api.wait(ctx, 100))
	require.Equal(t, now.Add(time.Hour), clock.Now(), "unlimited after it")
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	api.report(0, clock.Now().Add(time.Hour))
	require.ErrorIs(t, api.wait(cancelled, 1), context.Canceled)
}
