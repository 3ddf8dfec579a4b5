package sync

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/config"
)

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

func TestDue_survivesAClockSetBack(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	r.read("posts")
	r.read("users") // a snapshot
	r.clock.advance(-400 * 24 * time.Hour)
	due, err := r.engine.Due(ctx, r.clock.Now())
	require.NoError(t, err)
	require.Equal(t, []Selection{{Instance: "one", Streams: []string{"posts", "users", "topics", "views"}}}, due)
	r.read("posts")
	due, err = r.engine.Due(ctx, r.clock.Now())
	require.NoError(t, err)
	require.NotContains(t, due[0].Streams, "posts", "its schedule counts from the clock as it is now")
}

func TestDue_beginsWithTheInstanceThatWaitedLongest(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	r.config.Connectors = append(r.config.Connectors, instance("feed", "two", r.server.URL), instance("feed", "three", r.server.URL))
	require.NoError(t, r.engine.Reload(ctx, r.config))
	r.serve(always(page{End: true}))
	for _, name := range []string{"three", "two"} {
		_, err := r.engine.Sync(ctx, Request{Selections: []Selection{{Instance: name}}})
		require.NoError(t, err)
		r.clock.advance(time.Minute)
	}
	r.clock.advance(time.Hour)
	due, err := r.engine.Due(ctx, r.clock.Now())
	require.NoError(t, err)
	var order []string
	for _, selection := range due {
		order = append(order, selection.Instance)
	}
	require.Equal(t, []string{"one", "three", "two"}, order)
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
