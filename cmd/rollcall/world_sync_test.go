package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	"rollcall/internal/world"
	"rollcall/internal/world/serve"
	"rollcall/sync"
)

// A follower is a lake that follows a simulated company's forums and GitHub
// through the program's own connectors, as their simulated time moves on.
type follower struct {
	t      *testing.T
	world  *world.World
	served *movedClock // of the sources
	clock  *movedClock // of the host: as far ahead of the connectors' own as the sources have moved on
	began  time.Time
	db     *warehouse.DB
	engine *sync.Engine
	faults serve.Faults
	shown  serve.Counts
}

const followerConfig = head + `
connector "discourse" "forum" {
  url             = %q
  api_key         = env("FORUM_KEY")
  bookmarks_query = 5
  rate "api" {
    limit = 1000000
    per   = "1m"
  }
  rate "explorer" {
    limit = 1000000
    per   = "1m"
  }
}
connector "discourse" "lab" {
  url             = %q
  api_key         = env("FORUM_KEY")
  bookmarks_query = 5
  rate "api" {
    limit = 1000000
    per   = "1m"
  }
  rate "explorer" {
    limit = 1000000
    per   = "1m"
  }
}
connector "github" "tidewater" {
  token        = env("FORUM_KEY")
  organization = "tidewater"
  api_url      = %q
  rate "rest" {
    limit = 1000000
    per   = "1m"
  }
  rate "graphql" {
    limit = 1000000
    per   = "1m"
  }
}
`

func follow(t *testing.T, w *world.World, faults serve.Faults) *follower {
	f := &follower{t: t, world: w, served: &movedClock{now: w.Start.Time()}, clock: &movedClock{}, began: time.Now().UTC(), faults: faults}
	f.clock.set(f.began)
	faults.Shown = &f.shown
	options := serve.Options{Now: f.served.Now, Key: testKey, Faults: faults}
	address := func(h http.Handler) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	forum, lab := address(serve.Discourse(w, world.Forum, options)), address(serve.Discourse(w, world.Lab, options))
	s := newSite(t, fmt.Sprintf(followerConfig, forum, lab, address(serve.GitHub(w, options))))
	cfg, err := config.Load(s.path("rollcall.hcl"), config.LoadOptions{Types: bundledTypes(), Getenv: func(string) (string, bool) { return testKey, true },
		Spec: func(typ string, _ []string, _ string) (connectors.Spec, error) { return bundledSpec(typ) }})
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(cfg.DataDir, 0o700))
	ctx := context.Background()
	f.db, err = warehouse.Open(ctx, warehouse.Options{Dir: cfg.DataDir, MemoryLimit: "192MB"})
	require.NoError(t, err)
	_, err = f.db.Migrate(ctx, filepath.Join(s.dir, "backups"), f.clock.Now())
	require.NoError(t, err)
	f.engine, err = sync.New(ctx, sync.Options{DB: f.db, Config: cfg, Clock: f.clock, Log: slog.New(slog.DiscardHandler),
		Bundled: func(typ string) []string { return []string{binary, "connector", typ} }})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, f.engine.Close())
		require.NoError(t, f.db.Close())
	})
	return f
}

// sync reads everything at a moment and returns what that appended. Streams
// that a source refused to go on with are read again, as a schedule would.
func (f *follower) sync(at world.Moment, request sync.Request) (appended int64) {
	f.t.Helper()
	f.served.set(at.Time())
	f.clock.set(f.began.Add(at.Time().Sub(f.world.Start.Time())))
	for range 8 {
		outcomes, err := f.engine.Sync(context.Background(), request)
		require.NoError(f.t, err)
		require.NotEmpty(f.t, outcomes)
		request.Selections = nil
		for _, o := range outcomes {
			require.Zero(f.t, o.Rejected, "%s %s: %s", o.Instance, o.Stream, f.rejected())
			require.Zero(f.t, o.HeldBack, "%s %s", o.Instance, o.Stream)
			appended += o.Appended + o.Tombstones
			if o.Status == sync.StatusOK {
				continue
			}
			require.NotZero(f.t, f.faults.Rate, "%s %s: %s", o.Instance, o.Stream, o.Reason)
			require.Contains(f.t, []sync.Status{sync.StatusPaused, sync.StatusFailed}, o.Status, "%s %s: %s", o.Instance, o.Stream, o.Reason)
			request.Selections = append(request.Selections, sync.Selection{Instance: o.Instance, Streams: []string{o.Stream}})
		}
		if len(request.Selections) == 0 {
			return appended
		}
	}
	require.FailNow(f.t, "the sources refuse for ever", "%v", request.Selections)
	return 0
}

// rejected says why records could not be stored.
func (f *follower) rejected() (reasons string) {
	f.t.Helper()
	require.NoError(f.t, f.db.SQL().QueryRow("select coalesce(string_agg(key || ': ' || reason, '; '), '') from lake.ops.rejected_record").Scan(&reasons))
	return reasons
}

// stored is the latest live version of every record of a stream.
func (f *follower) stored(table, instance string) map[string]gjson.Result {
	f.t.Helper()
	rows, err := f.db.SQL().Query(`
		select key, data
		from (select * from lake.raw.`+table+` where instance = ? qualify version = max(version) over (partition by key))
		where not is_deleted`, instance)
	require.NoError(f.t, err)
	defer rows.Close()
	live := map[string]gjson.Result{}
	for rows.Next() {
		var key, data string
		require.NoError(f.t, rows.Scan(&key, &data))
		require.NotContains(f.t, live, key)
		live[key] = gjson.Parse(data)
	}
	require.NoError(f.t, rows.Err())
	return live
}

func TestSync_followsASimulatedCompanyThroughItsOwnConnectors(t *testing.T) {
	w, err := world.New(world.Options{Seed: 11, Scale: world.MinScale, End: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		steps  world.Moment
		faults serve.Faults
	}{
		"at peace": {steps: 8},
		"in need":  {steps: 4, faults: serve.Faults{Seed: 3, Rate: 0.06, Storm: 2, Skew: 40 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			f := follow(t, w, c.faults)
			for step := range c.steps {
				at := w.Start + (w.End-w.Start)*(step+1)/c.steps
				// Of a handful of solutions one that is taken back is more than a fifth.
				require.NotZero(t, f.sync(at, sync.Request{AcceptDeletes: true}), "step %d", step+1)
				f.compare(at, false)
			}
			require.Zero(t, f.sync(w.End, sync.Request{}), "a second sync appends nothing")
			f.sync(w.End, sync.Request{Full: true, AcceptDeletes: true})
			f.compare(w.End, true)
			if c.faults.Rate > 0 {
				require.Len(t, f.shown.Of(), len(serve.AllFaults()), "each fault was met: %v", f.shown.Of())
			}
		})
	}
}
