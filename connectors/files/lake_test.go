package files

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

// noon is when tests begin; files are an hour older unless a test says.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// lake does with batches what the host does: it stores what differs from the
// last version of a key, rejects what is no JSON, and marks as gone what a
// complete scope omits.
type lake struct {
	t        *testing.T
	dir      string
	source   connectors.Source
	clock    *testClock
	log      bytes.Buffer
	rows     map[string]connectors.Record
	rejects  map[string]string // key -> data
	appended int
	cursor   connectors.Cursor
	cursors  []connectors.Cursor
	covered  []connectors.Interval
	scopes   []string
	emitted  int
}

type testClock struct {
	time  time.Time
	slept time.Duration
	hook  func() // runs while something sleeps
}

func (c *testClock) now() time.Time { return c.time }

func (c *testClock) sleep(ctx context.Context, d time.Duration) error {
	c.time, c.slept = c.time.Add(d), c.slept+d
	if c.hook != nil {
		c.hook()
	}
	return ctx.Err()
}

// open configures one instance. DIR in the settings is a new directory.
func open(t *testing.T, settings string) *lake {
	t.Helper()
	l := &lake{t: t, dir: t.TempDir(), clock: &testClock{time: noon}, rows: map[string]connectors.Record{}, rejects: map[string]string{}}
	l.reopen(settings)
	return l
}

func (l *lake) reopen(settings string) {
	l.t.Helper()
	source, err := l.try(settings)
	require.NoError(l.t, err)
	l.source = source
}

func (l *lake) try(settings string) (connectors.Source, error) {
	c := connector{clock: clock{now: l.clock.now, sleep: l.clock.sleep}, log: func() *slog.Logger { return slog.New(slog.NewTextHandler(&l.log, nil)) }}
	settings = strings.ReplaceAll(settings, "DIR", l.dir)
	require.True(l.t, json.Valid([]byte(settings)), settings)
	return c.Open(context.Background(), connectors.Settings(settings), nil)
}

// write makes a file that was last changed an hour ago.
func (l *lake) write(name, content string) string {
	return l.writeAt(name, content, l.clock.time.Add(-time.Hour))
}

func (l *lake) writeAt(name, content string, at time.Time) string {
	l.t.Helper()
	path := filepath.Join(l.dir, name)
	require.NoError(l.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(l.t, os.WriteFile(path, []byte(content), 0o644))
	require.NoError(l.t, os.Chtimes(path, at, at))
	return path
}

func packed(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

// read runs one Read from the stored cursor and stores what it emits.
func (l *lake) read(stream string) error {
	l.t.Helper()
	return l.readFrom(stream, l.cursor)
}

func (l *lake) readFrom(stream string, from connectors.Cursor) error {
	l.t.Helper()
	listed := map[string]bool{}
	l.appended, l.emitted, l.scopes, l.cursors = 0, 0, nil, nil
	return l.source.Read(context.Background(), stream, from, func(b connectors.Batch) error {
		for _, record := range b.Records {
			require.NotEmpty(l.t, record.Key)
			listed[record.Key] = true
			l.store(record)
		}
		for _, scope := range b.Scopes {
			l.scopes = append(l.scopes, scope)
			l.complete(scope, listed)
		}
		l.covered = append(l.covered, b.Covered...)
		require.LessOrEqual(l.t, len(b.Cursor), connectors.MaxCursorBytes)
		if b.Cursor != nil {
			l.cursor = b.Cursor
			l.cursors = append(l.cursors, b.Cursor)
		}
		return nil
	})
}

func (l *lake) store(record connectors.Record) {
	l.emitted++
	if !json.Valid(record.Data) || !utf8.Valid(record.Data) || len(record.Data) > connectors.MaxRecordBytes {
		l.rejects[record.Key] = string(record.Data[:min(len(record.Data), 200)])
		return
	}
	before, stored := l.rows[record.Key]
	if stored && before.Deleted == record.Deleted && bytes.Equal(before.Data, record.Data) {
		return
	}
	l.rows[record.Key] = record
	l.appended++
}

func (l *lake) complete(scope string, listed map[string]bool) {
	path, value, _ := strings.Cut(scope, "=")
	for key, row := range l.rows {
		if !row.Deleted && !listed[key] && gjson.GetBytes(row.Data, path).String() == value {
			row.Deleted = true
			l.rows[key] = row
			l.appended++
		}
	}
}

// live are the values of one member of the live rows, sorted.
func (l *lake) live(member string) []string {
	var values []string
	for _, row := range l.rows {
		if !row.Deleted {
			values = append(values, gjson.GetBytes(row.Data, member).String())
		}
	}
	sort.Strings(values)
	return values
}

func (l *lake) row(key string) string {
	l.t.Helper()
	row, ok := l.rows[key]
	require.True(l.t, ok, "no row %q among %d", key, len(l.rows))
	return string(row.Data)
}

// contacts is a set of identity files with further settings.
func contacts(path string, more ...string) string {
	block := []string{`"path": "DIR/` + path + `"`, `"stream": "identity"`}
	mapped := `"mapping": {"source_user_id": "id", "email": "email"}`
	for _, setting := range more {
		if strings.HasPrefix(setting, `"mapping"`) || strings.HasPrefix(setting, `"canonical"`) {
			mapped = ""
		}
	}
	if mapped != "" {
		block = append(block, mapped)
	}
	return fmt.Sprintf(`{"file": {"contacts": {%s}}}`, strings.Join(append(block, more...), ", "))
}
