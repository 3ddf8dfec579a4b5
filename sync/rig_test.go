package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	gosync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/config"
	"rollcall/internal/warehouse"
)

// simClock is a clock that a test moves; a sleeper moves it to where it
// wants to wake.
type simClock struct {
	mu    gosync.Mutex
	now   time.Time
	sleep func(d time.Duration) // called before the clock moves
}

func newClock() *simClock { return &simClock{now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)} }

func (c *simClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *simClock) Sleep(ctx context.Context, d time.Duration) error {
	if c.sleep != nil {
		c.sleep(d)
	}
	c.advance(d)
	return ctx.Err()
}

func (c *simClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A rig is an engine over a lake of its own and a server that a test scripts.
type rig struct {
	t      *testing.T
	dir    string
	clock  *simClock
	server *httptest.Server
	db     *warehouse.DB
	engine *Engine
	config *config.Config
	events func(Event)

	mu     gosync.Mutex
	answer func(stream, cursor string) page
	asked  []string // stream?cursor
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), clock: newClock()}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		stream, cursor := q.URL.Path[1:], q.URL.Query().Get("cursor")
		r.mu.Lock()
		r.asked = append(r.asked, stream+"?"+cursor)
		answer := r.answer
		r.mu.Unlock()
		_ = json.NewEncoder(w).Encode(answer(stream, cursor))
	}))
	t.Cleanup(r.server.Close)
	r.config = testConfig(r.dir, r.server.URL)
	r.open()
	t.Cleanup(r.close)
	return r
}

func testConfig(dir, address string) *config.Config {
	return &config.Config{Path: "rollcall.hcl", DataDir: dir, TimeZone: time.UTC, Connectors: []config.Connector{instance("feed", "one", address)}}
}

func instance(typ, name, address string) config.Connector {
	spec := feed{}.Spec()
	if typ == "pages" {
		spec = pages{}.Spec()
	}
	settings, _ := json.Marshal(map[string]string{"url": address})
	return config.Connector{Type: typ, Name: name, Spec: spec, Settings: settings, MaxDeleteShare: 0.2, StallTimeout: time.Minute,
		CensusEvery: 7 * 24 * time.Hour, Schedule: every(time.Hour), DefRange: "rollcall.hcl:12"}
}

func bundled(typ string) []string { return []string{"/proc/self/exe", "connector", typ} }

func (r *rig) open() {
	r.t.Helper()
	ctx := context.Background()
	var err error
	r.db, err = warehouse.Open(ctx, warehouse.Options{Dir: r.dir, MemoryLimit: "192MB"})
	require.NoError(r.t, err)
	_, err = r.db.Migrate(ctx, filepath.Join(r.dir, "backups"), r.clock.Now())
	require.NoError(r.t, err)
	r.engine, err = New(ctx, Options{DB: r.db, Config: r.config, Clock: r.clock, Log: slog.New(slog.DiscardHandler),
		Events: func(e Event) {
			if r.events != nil {
				r.events(e)
			}
		}, Bundled: bundled})
	require.NoError(r.t, err)
}

func (r *rig) close() {
	if r.engine != nil {
		require.NoError(r.t, r.engine.Close())
		require.NoError(r.t, r.db.Close())
		r.engine = nil
	}
}

func (r *rig) reopen() { r.close(); r.open() }

// serve scripts the server.
func (r *rig) serve(answer func(stream, cursor string) page) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer, r.asked = answer, nil
}

func (r *rig) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.asked...)
}

// always answers every request with the one page.
func always(p page) func(string, string) page { return func(string, string) page { return p } }

// sync runs one stream of the instance "one".
func (r *rig) sync(stream string, change ...func(*Request)) Outcome {
	r.t.Helper()
	request := Request{Selections: []Selection{{Instance: "one", Streams: []string{stream}}}}
	for _, c := range change {
		c(&request)
	}
	outcomes, err := r.engine.Sync(context.Background(), request)
	require.NoError(r.t, err)
	require.Len(r.t, outcomes, 1)
	return outcomes[0]
}

// read stores one page that ends the stream.
func (r *rig) read(stream string, records ...item) Outcome {
	r.t.Helper()
	r.serve(always(page{Records: records, End: true, Cursor: "end"}))
	return r.sync(stream)
}

// column returns one column of a query as text.
func (r *rig) column(query string, args ...any) []string {
	r.t.Helper()
	rows, err := r.db.SQL().Query(query, args...)
	require.NoError(r.t, err, trimmed(query))
	defer rows.Close()
	var all []string
	for rows.Next() {
		var v any
		require.NoError(r.t, rows.Scan(&v))
		all = append(all, fmt.Sprint(v))
	}
	require.NoError(r.t, rows.Err())
	return all
}

// versions lists key, version, data, with a "-" for a tombstone.
func (r *rig) versions(stream string) []string {
	r.t.Helper()
	return r.column(`select key || ' ' || version || ' ' || data || case when is_deleted then ' -' else '' end
		from lake.raw."feed__` + stream + `" order by key, version`)
}

func obj(key, data string) item { return item{Key: key, Data: []byte(data)} }

func numbered(from, until int) (items []item) {
	for i := from; i < until; i++ {
		items = append(items, obj(fmt.Sprintf("k%05d", i), fmt.Sprintf(`{"id":%d,"topic_id":%d}`, i, i/10)))
	}
	return items
}
