package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// host records what a client asks of it.
type host struct {
	mu      sync.Mutex
	permits []string
	reports []string
	saved   [][]byte
	saveErr error
}

func (h *host) SaveToken(_ context.Context, token []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.saveErr != nil {
		return h.saveErr
	}
	h.saved = append(h.saved, token)
	return nil
}

func (h *host) Wait(ctx context.Context, bucket string, cost int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.permits = append(h.permits, fmt.Sprintf("%s:%d", bucket, cost))
	return ctx.Err()
}

func (h *host) Report(_ context.Context, bucket string, remaining int, reset time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reports = append(h.reports, fmt.Sprintf("%s:%d:%s", bucket, remaining, reset.UTC().Format(time.RFC3339)))
}

// clock is a clock whose Sleep only moves it on.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return ctx.Err()
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

// bench is a client of a test server with everything it touches.
type bench struct {
	*api.Client
	host  *host
	clock *clock
	log   *strings.Builder
	url   string
}

func serve(t *testing.T, handler http.HandlerFunc, changes ...func(*api.Options)) bench {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	b := bench{host: &host{}, clock: newClock(), log: &strings.Builder{}, url: server.URL}
	options := api.Options{
		BaseURL: server.URL, Host: b.host, Clock: b.clock,
		Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, change := range changes {
		change(&options)
	}
	client, err := api.New(options)
	require.NoError(t, err)
	b.Client = client
	return b
}

func TestDo_returnsBodyStatusAndServerTime(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "rollcall/1", r.UserAgent())
		require.Equal(t, "b", r.URL.Query().Get("a"))
		w.Header().Set("Date", "Sun, 01 Mar 2026 12:00:01 GMT")
		fmt.Fprint(w, `{"ok":true}`)
	}, func(o *api.Options) { o.BaseURL += "/forum/" })
	resp, err := b.Do(t.Context(), api.Request{Path: "/posts.json?a=b", Cost: 3, Bucket: "search"})
	require.NoError(t, err)
	require.Equal(t, `{"ok":true}`, string(resp.Body))
	require.Equal(t, "/forum/posts.json", resp.URL.Path)
	require.Equal(t, time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC), resp.Date)
	require.Equal(t, []string{"search:3"}, b.host.permits)
}

func TestDo_triesAgainAndEndsAsTransient(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"500": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99")
			fmt.Fprint(w, `{"a":1`)
		},
		"malformed": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"items":[1,}`) },
		"empty":     func(w http.ResponseWriter, _ *http.Request) {},
		"html":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `<html>`) },
		"scalar":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `"items"`) },
		"no array":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"items":{}}`) },
		"deep":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("[", 9000)) },
		"reset":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"not gzip": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, `{"items":[]}`)
		},
		"brotli": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			fmt.Fprint(w, `{"items":[]}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var healed atomic.Bool
			b := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if !healed.Load() {
					answer(w, r)
					return
				}
				fmt.Fprint(w, `{"items":[]}`)
			})
			request := api.Request{Path: "/x", Items: "items", Query: map[string][]string{"key": {"hidden"}}}
			_, err := b.Do(t.Context(), request)
			var transient *connectors.Transient
			require.ErrorAs(t, err, &transient)
			require.Contains(t, err.Error(), "GET /x")
			require.NotContains(t, err.Error()+b.log.String(), "hidden")
			require.Len(t, b.host.permits, 6)
			require.Len(t, b.clock.slept, 5)

			healed.Store(true)
			_, err = b.Do(t.Context(), request)
			require.NoError(t, err)
		})
	}
}
