package connectors_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

// TestMain makes the test binary its own child: "TEST connector NAME" is a
// connector's process, which misbehaves as its name says.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "connector" {
		child(os.Args[2])
		return
	}
	if len(os.Args) > 3 && os.Args[1] == "daemon" {
		host(os.Args[2], os.Args[3])
		return
	}
	os.Exit(m.Run())
}

// host is a daemon that starts a child, prints its process id and waits to be
// killed.
func host(runtimeDir, name string) {
	p, err := connectors.Start(context.Background(), connectors.Launch{
		Name: "test.one", Command: []string{"/proc/self/exe", "connector", name}, RuntimeDir: runtimeDir})
	if err != nil {
		panic(err)
	}
	fmt.Println(p.PID())
	select {}
}

// logged collects what the host logs.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start starts a child of this binary; change may be nil.
func start(t testing.TB, name string, change func(*connectors.Launch)) (*connectors.Process, *logged, error) {
	t.Helper()
	log := &logged{}
	l := connectors.Launch{
		Name: "test.one", Command: []string{"/proc/self/exe", "connector", name}, RuntimeDir: t.TempDir(),
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&l)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	p, err := connectors.Start(ctx, l)
	if err == nil {
		t.Cleanup(func() { require.NoError(t, p.Stop(context.Background())) })
	}
	return p, log, err
}

// open starts a child and opens one instance of it.
func open(t testing.TB, name string, host connectors.Host, change func(*connectors.Launch)) (*connectors.Process, connectors.Source, *logged) {
	t.Helper()
	p, log, err := start(t, name, change)
	require.NoError(t, err)
	source, err := p.Open(t.Context(), connectors.Settings(`{"url":"http://localhost"}`), host)
	require.NoError(t, err)
	return p, source, log
}

// within fails the test when fn takes longer than d.
func within(t testing.TB, d time.Duration, fn func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); fn() }()
	select {
	case <-done:
	case <-time.After(d):
		t.Fatalf("took longer than %s", d)
	}
}

// freeHost grants everything at once.
type freeHost struct {
	mu     sync.Mutex
	asked  []string
	tokens []string
	left   int
}

func (h *freeHost) SaveToken(_ context.Context, token []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens = append(h.tokens, string(token))
	return nil
}

func (h *freeHost) Wait(_ context.Context, bucket string, cost int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, fmt.Sprintf("%s/%d", bucket, cost))
	return nil
}

func (h *freeHost) Report(_ context.Context, _ string, remaining int, _ time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left = remaining
}

// sample is a connector whose streams do as they are called.
type sample struct {
	streams map[string]func(ctx context.Context, h connectors.Host, cursor connectors.Cursor, emit func(connectors.Batch) error) error
	change  func(*connectors.Spec)
}

func (s sample) Spec() connectors.Spec {
	spec := connectors.Spec{
		Type: "sample", Title: "Sample", Version: "1", Kinds: []connectors.Kind{connectors.KindCommunity},
		Settings: []connectors.Setting{{Name: "url", Type: connectors.TypeString, Required: true},
			{Name: "nested", Type: connectors.TypeBlock, Block: []connectors.Setting{{Name: "deep", Type: connectors.TypeInt}}}},
		Streams:    []connectors.Stream{{Name: "posts", Mode: connectors.ModeIncremental, Lookback: time.Hour, Fields: `{"id":"BIGINT!"}`}},
		Staging:    map[string]string{"thread": "select 1"},
		EmailTrust: connectors.TrustSelf,
		Buckets:    []connectors.Bucket{{Name: "api", Limit: 60, Per: time.Minute}},
	}
	if s.change != nil {
		s.change(&spec)
	}
	return spec
}

func (s sample) Open(_ context.Context, settings connectors.Settings, h connectors.Host) (connectors.Source, error) {
	var config struct {
		URL string `json:"url"`
	}
	if err := settings.Decode(&config); err != nil {
		return nil, err
	}
	if config.URL == "" {
		return nil, &connectors.ErrConfig{Setting: "url", Reason: "must not be empty"}
	}
	return sampleSource{s, h}, nil
}

type sampleSource struct {
	sample
	host connectors.Host
}

func (s sampleSource) Check(ctx context.Context) (connectors.Access, error) {
	if err := s.host.Wait(ctx, "api", 1); err != nil {
		return connectors.Access{}, err
	}
	return connectors.Access{Account: "system", ServerTime: time.Unix(1700000000, 0).UTC(),
		Streams: []connectors.StreamAccess{{Stream: "posts", Readable: true}}, Notes: []string{"a note"}}, nil
}

func (s sampleSource) Read(ctx context.Context, stream string, cursor connectors.Cursor, emit func(connectors.Batch) error) error {
	read, ok := s.streams[stream]
	if !ok {
		return &connectors.ErrForbidden{Stream: stream, Reason: "no such stream"}
	}
	return read(ctx, s.host, cursor, emit)
}

// record makes record i of a stream.
func record(i int) connectors.Record {
	return connectors.Record{Key: fmt.Sprint(i), Data: json.RawMessage(fmt.Sprintf(`{"id":%d}`, i)), At: time.Unix(int64(i), 0).UTC()}
}

func itoa(n int) string { return fmt.Sprint(n) }

func environment() string {
	return strings.Join(os.Environ(), "\n")
}

var _ io.Writer = (*logged)(nil)
