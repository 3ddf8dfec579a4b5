package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/replay"
	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	"rollcall/sync"
)

// A history is a recorded forum at a simulated time and a lake that follows
// it through the program's own connector.
type history struct {
	t      *testing.T
	clock  *movedClock
	forum  *replay.Forum
	db     *warehouse.DB
	engine *sync.Engine
}

// A movedClock is moved by its test, and by those that sleep.
type movedClock struct {
	mu  gosync.Mutex
	now time.Time
}

func (c *movedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *movedClock) Sleep(ctx context.Context, d time.Duration) error {
	c.set(c.Now().Add(d))
	return ctx.Err()
}

func (c *movedClock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

const recordingPath = "data/discourse-delving/posts.jsonl.gz"

func newHistory(t *testing.T, window replay.Window, now time.Time) *history {
	h := &history{t: t, clock: &movedClock{now: now}}
	recording, err := os.Open(connectortest.Shared(t, recordingPath))
	require.NoError(t, err)
	defer recording.Close()
	h.forum, err = replay.New(recording, replay.Options{Now: h.clock.Now, Window: window})
	require.NoError(t, err)
	server := httptest.NewServer(h.forum)
	t.Cleanup(server.Close)
	s := newSite(t, strings.NewReplacer("%FORUM%", server.URL, `api_key = env("FORUM_KEY")`, "").Replace(forumConfig))
	cfg, err := config.Load(s.path("rollcall.hcl"), config.LoadOptions{Types: bundledTypes(), Getenv: os.LookupEnv,
		Spec: func(typ string, _ []string, _ string) (connectors.Spec, error) { return bundledSpec(typ) }})
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(cfg.DataDir, 0o700))
	ctx := context.Background()
	h.db, err = warehouse.Open(ctx, warehouse.Options{Dir: cfg.DataDir, MemoryLimit: "192MB"})
	require.NoError(t, err)
	_, err = h.db.Migrate(ctx, filepath.Join(s.dir, "backups"), now)
	require.NoError(t, err)
	h.engine, err = sync.New(ctx, sync.Options{DB: h.db, Config: cfg, Clock: h.clock, Log: slog.New(slog.DiscardHandler),
		Bundled: func(typ string) []string { return []string{binary, "connector", typ} }})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, h.engine.Close())
		require.NoError(t, h.db.Close())
	})
	return h
}

// sync reads the posts once and returns how many versions that appended.
func (h *history) sync(full bool) int64 {
	h.t.Helper()
	outcomes, err := h.engine.Sync(context.Background(), sync.Request{Full: full,
		Selections: []sync.Selection{{Instance: "forum", Streams: []string{"posts"}}}})
	require.NoError(h.t, err)
	require.Len(h.t, outcomes, 1)
	require.Equal(h.t, sync.StatusOK, outcomes[0].Status, outcomes[0].Reason)
	require.Zero(h.t, outcomes[0].Rejected)
	return outcomes[0].Appended + outcomes[0].Tombstones
}

// live is the latest live version of every key as raw holds it.
func (h *history) live() map[string][]byte {
	h.t.Helper()
	rows, err := h.db.SQL().Query(`
		select key, data
		from (select * from lake.raw.discourse__posts qualify version = max(version) over (partition by key))
		where not is_deleted`)
	require.NoError(h.t, err)
	defer rows.Close()
	live := map[string][]byte{}
	for rows.Next() {
		var key, data string
		require.NoError(h.t, rows.Scan(&key, &data))
		require.NotContains(h.t, live, key)
		live[key] = []byte(data)
	}
	require.NoError(h.t, rows.Err())
	return live
}

// steady is every post as parsed JSON without its volatile members.
func steady(t *testing.T, live map[string][]byte) map[string]any {
	spec, err := bundledSpec("discourse")
	require.NoError(t, err)
	var paths []string
	for _, stream := range spec.Streams {
		if stream.Name == "posts" {
			paths = stream.Volatile
		}
	}
	require.NotEmpty(t, paths)
	posts := map[string]any{}
	for key, data := range live {
		var post map[string]any
		require.NoError(t, json.Unmarshal(data, &post))
		for _, path := range paths {
			names := strings.Split(path, ".")
			at := post
			for _, name := range names[:len(names)-1] {
				at, _ = at[name].(map[string]any)
			}
			delete(at, names[len(names)-1])
		}
		posts[key] = post
	}
	return posts
}

// updated are the recorded times of change of each post.
func updated(t *testing.T) map[string]map[string]bool {
	file, err := os.Open(connectortest.Shared(t, recordingPath))
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	times := map[string]map[string]bool{}
	lines := bufio.NewScanner(unzipped)
	for lines.Buffer(nil, 16<<20); lines.Scan(); {
		key := gjson.GetBytes(lines.Bytes(), "id").Raw
		if times[key] == nil {
			times[key] = map[string]bool{}
		}
		times[key][gjson.GetBytes(lines.Bytes(), "updated_at").Str] = true
	}
	require.NoError(t, lines.Err())
	return times
}

// monthsAStep is how far a history moves at once: 1 by `make nightly`.
func monthsAStep(t *testing.T) int {
	t.Helper()
	text := os.Getenv("ROLLCALL_MONTHS")
	if text == "" {
		return 4
	}
	months, err := strconv.Atoi(text)
	require.NoError(t, err)
	return months
}

// The real forum, by both of Discourse's ways to page, ends in the same lake
// whether it is read at once or followed by months.
func TestSync_followsARealForumByMonths(t *testing.T) {
	first, last := time.Date(2022, 9, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	var want map[string]any
	for name, window := range map[string]replay.Window{"new window": replay.WindowNew, "old window": replay.WindowOld} {
		whole := newHistory(t, window, last)
		require.EqualValues(t, 4661, whole.sync(false), name)
		require.Zero(t, whole.sync(false), "%s: a second sync", name)
		require.Zero(t, whole.sync(true), "%s: a full one", name)
		live := whole.live()
		require.Len(t, live, 4661)
		if want == nil {
			want = steady(t, whole.shown(live))
		}
		requireSame(t, want, live, name)

		steps := newHistory(t, window, first)
		for month := first; month.Before(last); month = month.AddDate(0, monthsAStep(t), 0) {
			steps.clock.set(month)
			steps.sync(false)
		}
		steps.clock.set(last)
		steps.sync(false)
		require.Zero(t, steps.sync(false), "%s: after the last step", name)
		live = steps.live()
		requireSame(t, want, live, name+" by months")
		requireLatest(t, live)
	}
}

// shown are the same posts as the forum itself has them.
func (h *history) shown(live map[string][]byte) map[string][]byte {
	posts := map[string][]byte{}
	for key := range live {
		id, err := strconv.ParseInt(key, 10, 64)
		require.NoError(h.t, err)
		posts[key] = h.forum.Post(id)
	}
	return posts
}

func requireSame(t *testing.T, want map[string]any, live map[string][]byte, name string) {
	t.Helper()
	got := steady(t, live)
	require.Len(t, got, len(want), name)
	for key := range want {
		require.Equal(t, want[key], got[key], "%s: post %s", name, key)
	}
}

// requireLatest checks the posts of which the recording holds several
// versions.
func requireLatest(t *testing.T, live map[string][]byte) {
	t.Helper()
	edited := 0
	for key, times := range updated(t) {
		latest := ""
		for at := range times {
			latest = max(latest, at)
		}
		require.Equal(t, latest, gjson.GetBytes(live[key], "updated_at").Str, "post %s", key)
		if len(times) > 1 {
			edited++
		}
	}
	require.Equal(t, 22, edited)
}
