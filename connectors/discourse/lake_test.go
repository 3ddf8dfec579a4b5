package discourse

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/replay"
)

// clock is a simulated clock: sleeping moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func at(day string) *clock {
	now, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return &clock{now: now}
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
	return ctx.Err()
}

// permits grants every request.
type permits struct{}

func (permits) SaveToken(context.Context, []byte) error                { return nil }
func (permits) Wait(ctx context.Context, _ string, _ int) error        { return ctx.Err() }
func (permits) Report(_ context.Context, _ string, _ int, _ time.Time) {}

// lake keeps what a host would: the latest record of each key, by the
// contract's rules.
type lake struct {
	records  map[string]connectors.Record
	appended int // records whose content differed from the one before
	covered  []connectors.Interval
	cursors  []connectors.Cursor
	volatile []string
	scoped   map[string]string // key: the value at the scopes' path, looked up once
}

func newLake(streamName string) *lake {
	spec, _ := New().Spec().Stream(streamName)
	return &lake{records: map[string]connectors.Record{}, volatile: spec.Volatile, scoped: map[string]string{}}
}

func (l *lake) store(b connectors.Batch) error {
	for _, r := range b.Records {
		if old, ok := l.records[r.Key]; !ok || old.Deleted != r.Deleted || l.content(old) != l.content(r) {
			l.appended++
		}
		l.records[r.Key] = r
		delete(l.scoped, r.Key)
	}
	if b.Cursor != nil {
		l.cursors = append(l.cursors, b.Cursor)
	}
	l.covered = append(l.covered, b.Covered...)
	return nil
}

// content is a record without what changes on every read.
func (l *lake) content(r connectors.Record) string {
	var object map[string]any
	if json.Unmarshal(r.Data, &object) != nil {
		return string(r.Data)
	}
	for _, path := range l.volatile {
		cut(object, strings.Split(path, "."))
	}
	b, _ := json.Marshal(object)
	return string(b)
}

func cut(object map[string]any, path []string) {
	if len(path) == 1 {
		delete(object, path[0])
	} else if inner, ok := object[path[0]].(map[string]any); ok {
		cut(inner, path[1:])
	}
}

// live counts the keys that are not gone.
func (l *lake) live() map[string]connectors.Record {
	live := map[string]connectors.Record{}
	for key, r := range l.records {
		if !r.Deleted {
			live[key] = r
		}
	}
	return live
}

// read runs one Read and stores what it emits.
func (l *lake) read(t *testing.T, s connectors.Source, stream string, cursor connectors.Cursor) {
	t.Helper()
	require.NoError(t, l.tryRead(s, stream, cursor, l.store))
}

func (l *lake) tryRead(s connectors.Source, stream string, cursor connectors.Cursor, emit func(connectors.Batch) error) error {
	listed := map[string]bool{}
	return s.Read(context.Background(), stream, cursor, func(b connectors.Batch) error {
		for _, r := range b.Records {
			listed[r.Key] = true
		}
		if err := emit(b); err != nil {
			return err
		}
		for _, scope := range b.Scopes {
			l.bury(scope, listed)
		}
		return nil
	})
}

// bury makes tombstones of the keys that a complete scope does not list.
func (l *lake) bury(scope string, listed map[string]bool) {
	path, value, _ := strings.Cut(scope, "=")
	for key, r := range l.records {
		if _, ok := l.scoped[key]; !ok { // a stream has one path
			l.scoped[key] = gjson.GetBytes(r.Data, path).String()
		}
		if !listed[key] && !r.Deleted && l.scoped[key] == value {
			r.Deleted = true
			l.records[key] = r
			l.appended++
		}
	}
}

func (l *lake) cursor() connectors.Cursor {
	if len(l.cursors) == 0 {
		return nil
	}
	return l.cursors[len(l.cursors)-1]
}

// forum serves the recorded forum and opens a source on it.
func forum(t *testing.T, c *clock, options replay.Options, settings ...string) (*replay.Forum, connectors.Source) {
	t.Helper()
	recording, err := os.Open(connectortest.Shared(t, "data/discourse-delving/posts.jsonl.gz"))
	require.NoError(t, err)
	defer func() { _ = recording.Close() }()
	options.Now = c.Now
	f, err := replay.New(recording, options)
	require.NoError(t, err)
	return f, open(t, c, f, settings...)
}

// open opens a source on a server with further settings, name and value.
func open(t *testing.T, c *clock, h http.Handler, settings ...string) connectors.Source {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	set := map[string]any{"url": server.URL}
	for i := 0; i < len(settings); i += 2 {
		set[settings[i]] = json.RawMessage(settings[i+1])
	}
	text, err := json.Marshal(set)
	require.NoError(t, err)
	s, err := (&connector{clock: c}).Open(context.Background(), connectors.Settings(text), permits{})
	require.NoError(t, err)
	return s
}
