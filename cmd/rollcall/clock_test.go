package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A handClock stands still until a test moves it. What the daemon naps by
// tells the test that it naps.
type handClock struct {
	mu    gosync.Mutex
	time  time.Time
	naps  chan time.Duration
	wakes chan time.Time
}

func (c *handClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *handClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = t
}

func (c *handClock) after(d time.Duration) <-chan time.Time {
	c.naps <- d
	return c.wakes
}

// A clockedDaemon is a daemon in the test's own process, on a clock that the
// test moves; its connectors are real children.
type clockedDaemon struct {
	t     *testing.T
	clock *handClock
	*daemon
}

func startClocked(t *testing.T, config string, start time.Time) *clockedDaemon {
	t.Helper()
	dir := t.TempDir()
	clock := &handClock{time: start, naps: make(chan time.Duration), wakes: make(chan time.Time)}
	path := filepath.Join(dir, "rollcall.hcl")
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(config, "%DIR%", dir)), 0o600))
	a := &app{
		stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, getenv: os.LookupEnv,
		now: clock.now, after: clock.after, configPath: path,
	}
	cfg, err := a.load(t.Context())
	require.NoError(t, err)
	h, err := a.openHost(t.Context(), cfg, "test", a.logger(cfg.Log))
	require.NoError(t, err)
	d := &clockedDaemon{t, clock, newDaemon(h, make(chan struct{}))}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); d.loop(ctx) }()
	t.Cleanup(func() {
		cancel()
		for done := false; !done; {
			select {
			case <-clock.naps:
			case <-ended:
				done = true
			}
		}
		require.NoError(t, h.close())
	})
	return d
}

// state is what the command prints, asked while the daemon naps.
func (d *clockedDaemon) state() buildState {
	d.t.Helper()
	raw, err := d.handle(d.t.Context(), "status", json.RawMessage("{}"), func(any) {})
	require.NoError(d.t, err)
	return raw.(statusResult).Build
}

// until lets the daemon nap and do what it does until the state is as wanted,
// the clock standing still.
func (d *clockedDaemon) until(what string, wanted func(buildState) bool) buildState {
	d.t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case <-d.clock.naps:
			if state := d.state(); wanted(state) {
				return state
			}
		case <-deadline:
			require.Fail(d.t, "the daemon never "+what, "%+v", d.state())
		}
	}
}

// at moves the clock and ends the nap.
func (d *clockedDaemon) at(t time.Time) {
	d.clock.set(t)
	for {
		select {
		case d.clock.wakes <- t:
			return
		case <-d.clock.naps: // something else ended the nap before
		}
	}
}

const filesConfig = `
data_dir = "%DIR%/data"
time_zone = "Europe/Berlin"
privacy { identity_matching = "opt_in" }
connector "files" "export" {
  kinds       = ["community"]
  email_trust = "self"
  schedule    = "@every 1h"
  file "threads" {
    path      = "%DIR%/threads.jsonl"
    stream    = "thread"
    canonical = true
    settle    = "0s"
  }
}
`

// writeThreads makes the listing that the connector reads; the last `broken`
// of ten threads say no time.
func (d *clockedDaemon) writeThreads(dir string, broken int) {
	d.t.Helper()
	var text strings.Builder
	for i := range 10 {
		created := `,"created_at":"2026-02-0` + fmt.Sprint(i%7+1) + `T10:00:00Z"`
		if i >= 10-broken {
			created = ""
		}
		fmt.Fprintf(&text, `{"thread_id":"files:export:thread:%[1]d","community_id":"files:export","author_identity_id":"files:export:u%[1]d"%[2]s}`+"\n", i, created)
	}
	require.NoError(d.t, os.WriteFile(filepath.Join(dir, "threads.jsonl"), []byte(text.String()), 0o600))
}

func TestDaemon_keepsTheLastGoodReleaseAndBacksOffWhileACheckFails(t *testing.T) {
	start := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	d := startClocked(t, filesConfig, start)
	dir := filepath.Dir(d.config().DataDir)
	good := d.until("published", func(s buildState) bool { return s.Release != "" && s.Release == s.Build })
	require.Equal(t, "passed", good.Status)

	d.writeThreads(dir, 3)
	d.at(start.Add(time.Hour))
	failed := d.until("failed", func(s buildState) bool { return s.Error != "" })
	require.Equal(t, "failed", failed.Status)
	require.Equal(t, "required_fields", failed.FailedChecks[0].Name)
	require.Contains(t, failed.Error, "required_fields (1 rows)")
	require.Equal(t, good.Release, failed.Release, "the last good release stays")
	require.Equal(t, start.Add(time.Hour+firstRetry), failed.Next)

	d.at(failed.Next.Add(-time.Second))
	require.Equal(t, failed.Build, d.until("napped", func(buildState) bool { return true }).Build, "not before its time")
	d.at(failed.Next)
	again := d.until("tried again", func(s buildState) bool { return s.Next.After(failed.Next) })
	require.NotEqual(t, failed.Build, again.Build)
	require.Equal(t, failed.Next.Add(2*firstRetry), again.Next, "each pause is twice the last")
	_, err := d.publish(t.Context(), publishArgs{}, nil)
	require.ErrorContains(t, err, "required_fields")
	var text strings.Builder
	require.NoError(t, again.print(&text))
	require.Contains(t, text.String(), "checks failed: required_fields (1 rows), next try 2026-03-10 10:03Z\npublished: "+good.Release)

	d.writeThreads(dir, 0)
	d.at(start.Add(2 * time.Hour))
	// The build that is overdue by now may begin before the mended file is read.
	published := func(s buildState) bool { return s.Release != good.Release }
	healed := d.until("tried again", func(s buildState) bool { return published(s) || s.Next.After(again.Next) })
	if !published(healed) {
		d.at(healed.Next)
		healed = d.until("published again", published)
	}
	require.Equal(t, "passed", healed.Status)
	require.Empty(t, healed.Error)
	require.Zero(t, healed.Next)
}

func TestDaemon_buildsAgainAfterLocalMidnight(t *testing.T) {
	midnight := time.Date(2026, 3, 10, 23, 0, 0, 0, time.UTC) // in Berlin
	d := startClocked(t, `
data_dir  = "%DIR%/data"
time_zone = "Europe/Berlin"
privacy { identity_matching = "opt_in" }
`, midnight.Add(-2*time.Hour))
	first := d.until("published", func(s buildState) bool { return s.Release != "" && s.Release == s.Build })
	d.at(midnight.Add(-time.Second))
	require.Equal(t, first.Build, d.until("napped", func(buildState) bool { return true }).Build)
	d.at(midnight)
	second := d.until("built the new day", func(s buildState) bool { return s.Release != first.Release })
	require.Equal(t, "passed", second.Status)
	d.at(midnight.Add(time.Hour))
	require.Equal(t, second.Build, d.until("napped", func(buildState) bool { return true }).Build, "once a day")
}
