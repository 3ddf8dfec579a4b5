package github

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/github/githubtest"
)

const token = "ghp_a-secret-token"

var today = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// worldClock runs on the fake GitHub's time; waiting moves it.
type worldClock struct{ world *githubtest.World }

func (c worldClock) Now() time.Time { return c.world.Now() }

func (c worldClock) Sleep(ctx context.Context, d time.Duration) error {
	c.world.Advance(d)
	return ctx.Err()
}

// recordingHost grants everything and notes it.
type recordingHost struct {
	mu       sync.Mutex
	spent    map[string]int
	reported map[string]int
}

func (h *recordingHost) SaveToken(context.Context, []byte) error { return nil }

func (h *recordingHost) Wait(ctx context.Context, bucket string, cost int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.spent[bucket] += cost
	return ctx.Err()
}

func (h *recordingHost) Report(_ context.Context, bucket string, remaining int, _ time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reported[bucket] = remaining
}

// A bench is a fake GitHub and the connector on it.
type bench struct {
	t      *testing.T
	world  *githubtest.World
	server *githubtest.Server
	host   *recordingHost
	url    string
	with   map[string]any // settings beside token and api_url
}

func newBench(t *testing.T, world *githubtest.World, wraps ...func(http.Handler) http.Handler) *bench {
	server := &githubtest.Server{World: world, Token: token, Tick: time.Millisecond}
	var handler http.Handler = server
	for _, wrap := range wraps {
		handler = wrap(handler)
	}
	listener := httptest.NewServer(handler)
	t.Cleanup(listener.Close)
	return &bench{t: t, world: world, server: server, url: listener.URL,
		host: &recordingHost{spent: map[string]int{}, reported: map[string]int{}},
		with: map[string]any{"organization": "acme"}}
}

// officially holds every request against GitHub's own descriptions.
func officially(t *testing.T) []func(http.Handler) http.Handler {
	graphql := connectortest.GraphQL(t, connectortest.Shared(t, "vendor/github/schema.graphql"), "/graphql")
	rest := connectortest.OpenAPI(t, connectortest.Shared(t, "vendor/github/api.github.com.community-subset.openapi.json"))
	return []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
		checkedREST, checkedGraphQL := rest(next), graphql(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/graphql" {
				checkedGraphQL.ServeHTTP(w, r)
				return
			}
			checkedREST.ServeHTTP(w, r)
		})
	}}
}

func (b *bench) source() connectors.Source {
	settings := map[string]any{"token": token, "api_url": b.url}
	for name, value := range b.with {
		settings[name] = value
	}
	given, err := json.Marshal(settings)
	require.NoError(b.t, err)
	source, err := newConnector(worldClock{b.world}, b.world.Now).Open(context.Background(), connectors.Settings(given), b.host)
	require.NoError(b.t, err)
	return source
}

// A lake does with batches what the host does.
type lake struct {
	live    map[string]json.RawMessage
	seen    map[string]bool // listed since a Read from nil began
	cursor  connectors.Cursor
	covered []connectors.Interval
	path    string              // of the stream's scopes
	within  map[string][]string // keys by their value at path
}

func newLake() *lake { return &lake{live: map[string]json.RawMessage{}, seen: map[string]bool{}} }

func (l *lake) store(batch connectors.Batch) {
	for _, record := range batch.Records {
		l.live[record.Key] = append(json.RawMessage(nil), record.Data...)
		l.seen[record.Key] = true
		if l.path != "" {
			value := gjson.GetBytes(record.Data, l.path).String()
			l.within[value] = append(l.within[value], record.Key)
		}
	}
	if batch.Cursor != nil {
		l.cursor = batch.Cursor
	}
	l.covered = append(l.covered, batch.Covered...)
}

// read runs one Read into the lake; full makes it a census.
func (b *bench) read(l *lake, stream string, full bool) error {
	b.t.Helper()
	cursor := l.cursor
	if full {
		cursor, l.seen = nil, map[string]bool{}
	}
	var inThis = map[string]bool{}
	err := b.source().Read(context.Background(), stream, cursor, func(batch connectors.Batch) error {
		for _, record := range batch.Records {
			require.NotEmpty(b.t, record.Key)
			require.True(b.t, json.Valid(record.Data))
			inThis[record.Key] = true
		}
		for _, scope := range batch.Scopes {
			l.scope(b.t, scope, inThis)
		}
		l.store(batch)
		require.LessOrEqual(b.t, len(batch.Cursor), connectors.MaxCursorBytes)
		return nil
	})
	if err == nil && full {
		for key := range l.live {
			if !l.seen[key] {
				delete(l.live, key)
			}
		}
	}
	return err
}

// scope removes what a completed scope did not list in this Read.
func (l *lake) scope(t *testing.T, scope string, listed map[string]bool) {
	path, value, ok := strings.Cut(scope, "=")
	require.True(t, ok && value != "", scope)
	if l.path == "" {
		l.path, l.within = path, map[string][]string{}
		for key, data := range l.live {
			found := gjson.GetBytes(data, path)
			require.True(t, found.Exists(), "%s lacks %s", key, path)
			l.within[found.String()] = append(l.within[found.String()], key)
		}
	}
	require.Equal(t, l.path, path)
	for _, key := range l.within[value] {
		if !listed[key] {
			delete(l.live, key)
		}
	}
}

func (b *bench) sync(l *lake, stream string) {
	b.t.Helper()
	require.NoError(b.t, b.read(l, stream, false))
}

func (b *bench) census(l *lake, stream string) {
	b.t.Helper()
	require.NoError(b.t, b.read(l, stream, true))
}

// keys returns the ids of the world's objects of some types.
func keys(world *githubtest.World, types ...string) []string {
	var ids []string
	for _, typ := range types {
		for _, o := range world.All(typ) {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

func (l *lake) keys() []string {
	var ids []string
	for key := range l.live {
		ids = append(ids, key)
	}
	return ids
}

// holdsAll checks the lake against the world, object by object.
func (b *bench) holdsAll(l *lake, types ...string) {
	b.t.Helper()
	require.ElementsMatch(b.t, keys(b.world, types...), l.keys())
	for _, typ := range types {
		for _, o := range b.world.All(typ) {
			data := gjson.ParseBytes(l.live[o.ID])
			require.Equal(b.t, o.ID, data.Get("id").String())
			require.Equal(b.t, o.Text("bodyText"), data.Get("bodyText").String(), "text of %s", o.ID)
			require.Equal(b.t, o.Text("title"), data.Get("title").String(), "title of %s", o.ID)
		}
	}
}

func forbidden(t *testing.T, err error) *connectors.ErrForbidden {
	t.Helper()
	var f *connectors.ErrForbidden
	require.True(t, errors.As(err, &f), "want ErrForbidden, got %v", err)
	return f
}
