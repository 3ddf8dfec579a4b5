package python_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/connectortest/python"
)

// shop is the source that the sample reads.
type shop struct {
	items  []string
	mu     sync.Mutex
	answer func(w http.ResponseWriter, r *http.Request) bool // true: answered instead of the shop
	asked  int
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked++
	answer := s.answer
	s.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer s3cret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if answer != nil && answer(w, r) {
		return
	}
	limit, _ := strconv.Atoi(r.FormValue("limit"))
	first, _ := strconv.Atoi(r.FormValue("after"))
	if since, err := time.Parse(time.RFC3339, r.FormValue("since")); err == nil {
		first = sort.Search(len(s.items), func(i int) bool { return !gjson.Get(s.items[i], "updated_at").Time().Before(since) })
	}
	last := min(first+limit, len(s.items))
	fmt.Fprintf(w, `{"items": [%s ], "next" : "%d", "more": %t}`, strings.Join(s.items[first:last], " ,\n"), last, last < len(s.items))
}

type host struct {
	mu    sync.Mutex
	asked int
	gate  chan struct{} // nil: every permit at once
}

func (h *host) SaveToken(context.Context, []byte) error        { return nil }
func (h *host) Report(context.Context, string, int, time.Time) {}
func (h *host) Wait(ctx context.Context, _ string, _ int) error {
	h.mu.Lock()
	h.asked++
	gate := h.gate
	h.mu.Unlock()
	if gate == nil || h.asked == 1 {
		return nil
	}
	select {
	case <-gate:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// opened starts the sample on a shop.
func opened(t *testing.T, s *shop, h *host, token string) (*connectors.Process, connectors.Source, *strings.Builder) {
	t.Helper()
	command := python.Command(t)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	log := &strings.Builder{}
	p, err := connectors.Start(t.Context(), connectors.Launch{Name: "sample.shop", Command: command, RuntimeDir: t.TempDir(),
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), Secrets: []string{"s3cret"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop(context.Background())) })
	settings, err := json.Marshal(map[string]string{"url": server.URL, "token": token})
	require.NoError(t, err)
	source, err := p.Open(t.Context(), settings, h)
	require.NoError(t, err)
	return p, source, log
}

func items(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"id":%d, "name":"caf\u00e9 é",  "updated_at":"2026-01-31T09:30:00+02:00"}`, i)
	}
	return all
}

func TestSample_readsEveryItemUntouched(t *testing.T) {
	s, h := &shop{items: items(12_345)}, &host{}
	s.items[7] = `{"id":"gone", "deleted":true}`
	s.items[8] = "{\"id\":8, \"name\":\"\xff\"}"
	_, source, _ := opened(t, s, h, "s3cret")
	var records []connectors.Record
	var last connectors.Batch
	var sizes []int
	require.NoError(t, source.Read(t.Context(), "items", nil, func(b connectors.Batch) error {
		records = append(records, b.Records...)
		sizes = append(sizes, len(b.Records))
		last = b
		return nil
	}))
	require.Len(t, records, len(s.items))
	for i, r := range records {
		require.Equal(t, s.items[i], string(r.Data))
		require.Equal(t, i == 7, r.Deleted)
	}
	require.Equal(t, "gone", records[7].Key)
	require.Equal(t, time.Date(2026, 1, 31, 7, 30, 0, 0, time.UTC), records[0].At)
	require.LessOrEqual(t, slices.Max(sizes), connectors.MaxBatchRecords)
	require.Less(t, len(sizes), 13, "pages are joined")
	require.Equal(t, 25, h.asked)
	require.EqualValues(t, 12_345, last.Progress.Done)

	s.items = append(s.items, `{"id":"new","updated_at":"2100-01-01T00:00:00Z"}`)
	var keys []string
	collect := func(b connectors.Batch) error {
		for _, r := range b.Records {
			keys = append(keys, r.Key)
		}
		return nil
	}
	require.NoError(t, source.Read(t.Context(), "items", last.Cursor, collect))
	require.NoError(t, source.Read(t.Context(), "items", connectors.SinceCursor(time.Now()), collect))
	require.Equal(t, []string{"new", "new"}, keys)
}

func TestSample_checks(t *testing.T) {
	_, source, _ := opened(t, &shop{items: items(1)}, &host{}, "s3cret")
	access, err := source.Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, []connectors.StreamAccess{{Stream: "items", Readable: true}}, access.Streams)
	require.WithinDuration(t, time.Now(), access.ServerTime, time.Minute)
}

func TestSample_endsAsTheRightFailure(t *testing.T) {
	answer := func(status int, header, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			if name, value, ok := strings.Cut(header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
	s := &shop{items: items(3)}
	p, source, log := opened(t, s, &host{}, "s3cret")
	read := func(with func(http.ResponseWriter, *http.Request) bool) error {
		s.mu.Lock()
		s.answer = with
		s.mu.Unlock()
		return source.Read(t.Context(), "items", nil, func(connectors.Batch) error { return nil })
	}
	var (
		forbidden *connectors.ErrForbidden
		limited   *connectors.RateLimited
		transient *connectors.Transient
		config    *connectors.ErrConfig
	)
	require.ErrorIs(t, read(answer(401, "", "")), connectors.ErrUnauthorized)
	require.ErrorIs(t, read(answer(410, "", "")), connectors.ErrCursorExpired)
	require.ErrorAs(t, read(answer(403, "", "")), &forbidden)
	require.Equal(t, "items", forbidden.Stream)
	require.ErrorAs(t, read(answer(429, "Retry-After: 3600", "")), &limited)
	require.WithinDuration(t, time.Now().Add(time.Hour), limited.Until, time.Minute)
	for _, bad := range []string{"", "{", "[]", `{"items":7}`, `{"items":[{"id":1}`, `{"items":[{}],"next":"1"}`, `{"items":[],"next":7}`, `{"items":[],"more":true}`} {
		require.ErrorAs(t, read(answer(200, "", bad)), &transient, bad)
	}
	require.ErrorAs(t, read(answer(200, "Content-Length: 99", `{"items":[]}`)), &transient)
	require.ErrorAs(t, read(answer(500, "", "")), &transient)
	require.ErrorContains(t, transient, "GET /items: status 500")
	_, err := p.Open(t.Context(), connectors.Settings(`{"url":"nowhere"}`), &host{})
	require.ErrorAs(t, err, &config)
	require.Equal(t, "url", config.Setting)
	require.NoError(t, read(nil))
	require.NoError(t, p.Stop(t.Context()))
	require.NotContains(t, log.String(), "s3cret")
	require.Contains(t, log.String(), "path=/items")
}

func TestSample_rejectsALargeRecordAndKeepsItsNeighbours(t *testing.T) {
	s := &shop{items: items(3)}
	s.items[1] = `{"id":1,"text":"` + strings.Repeat("a", 17<<20) + `"}`
	_, source, _ := opened(t, s, &host{}, "s3cret")
	require.NoError(t, source.Read(t.Context(), "items", nil, func(b connectors.Batch) error {
		require.Len(t, b.Records, 2)
		require.Len(t, b.Rejects, 1)
		require.Equal(t, "1", b.Rejects[0].Key)
		require.Contains(t, b.Rejects[0].Reason, "larger than 16 MiB")
		return nil
	}))
}

func TestSample_storesWhatItReadBeforeAPermitIsGranted(t *testing.T) {
	h := &host{gate: make(chan struct{})}
	_, source, _ := opened(t, &shop{items: items(800)}, h, "s3cret")
	var sizes []int
	require.NoError(t, source.Read(t.Context(), "items", nil, func(b connectors.Batch) error {
		if sizes = append(sizes, len(b.Records)); len(sizes) == 1 {
			close(h.gate)
		}
		return nil
	}))
	require.Equal(t, []int{500, 300}, sizes)
}

func TestSample_obeysTheHost(t *testing.T) {
	_, source, _ := opened(t, &shop{items: items(60_000)}, &host{}, "s3cret")
	full := errors.New("disk full")
	require.Same(t, full, source.Read(t.Context(), "items", nil, func(connectors.Batch) error { return full }))
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	err := source.Read(ctx, "items", nil, func(connectors.Batch) error {
		began = time.Now()
		cancel()
		return nil
	})
	require.Equal(t, context.Canceled, err)
	require.Less(t, time.Since(began), time.Second)
}
