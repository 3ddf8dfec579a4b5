package connectortest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
)

// A Case is a connector for the conformance suite. Handlers are made anew for
// every check, so a fake server may keep state.
type Case struct {
	Command  []string                             // starts the connector: the test binary itself, or any executable
	Settings func(url string) connectors.Settings // valid settings for an instance at url; they hold all of Secrets
	Secrets  []string                             // what must not appear in any log line, error, argument or environment
	Server   func() http.Handler                  // a fake source of a few pages; nil: the source needs none, url is empty
	Streams  []string                             // those to read, each with records; nil: all
	Forbids  []string                             // streams that a 403 forbids; nil: all of Streams
	Bad      map[string]connectors.Settings       // setting that cannot be used -> settings holding it

	// Huge serves that many small records of HugeStream, for the memory check.
	Huge        func(records int) http.Handler
	HugeStream  string
	HugeRecords int   // default 1,000,000, which ROLLCALL_CONFORMANCE=full makes it whatever stands here
	MemoryLimit int64 // resident bytes of the child; default 256 MiB, more under the race detector

	// FaultLimit is the longest a lasting fault may take to be given up on,
	// time-outs included; default 5 min, which fits the toolkit's defaults.
	// Run the suite against a connector with short time-outs to make it fast.
	FaultLimit time.Duration
}

// A check is one promise of the contract.
type check struct {
	name        string
	needsServer bool
	run         func(s *suite)
}

func checks() []check {
	return []check{
		{"describe", false, (*suite).describe},
		{"settings", false, (*suite).settings},
		{"check", false, (*suite).check},
		{"records", false, (*suite).records},
		{"resume", false, (*suite).resume},
		{"since", false, (*suite).since},
		{"emit error", false, (*suite).emitError},
		{"cancel request", true, (*suite).cancelRequest},
		{"cancel wait", true, (*suite).cancelWait},
		{"lasting faults", true, (*suite).lastingFaults},
		{"passing faults", true, (*suite).passingFaults},
		{"secrets", false, (*suite).secrets},
		{"memory", true, (*suite).memory},
	}
}

// thoroughness is the environment variable that makes the suite leave nothing
// out.
const thoroughness = "ROLLCALL_CONFORMANCE"

// Run holds a connector's executable to the contract: every promise that can
// be seen from outside is a subtest.
func Run(t *testing.T, c Case) {
	for _, check := range checks() {
		t.Run(check.name, func(t *testing.T) {
			runCheck(t, c, check)
		})
	}
}

func runCheck(t testing.TB, c Case, check check) {
	switch {
	case check.needsServer && c.Server == nil:
		t.Skip("the source is not a server")
	case check.name == "memory" && c.Huge == nil:
		t.Skip("the case offers no huge source")
	}
	if c.HugeRecords == 0 || os.Getenv(thoroughness) == "full" {
		c.HugeRecords = 1_000_000
	}
	if c.MemoryLimit == 0 {
		c.MemoryLimit = raceFactor * 256 << 20
	}
	if c.FaultLimit == 0 {
		c.FaultLimit = 5 * time.Minute
	}
	check.run(newSuite(t, c))
}

// A suite is one check's child process and what it said.
type suite struct {
	testing.TB
	c       Case
	process *connectors.Process
	log     *logged
}

func newSuite(t testing.TB, c Case) *suite {
	t.Helper()
	s := &suite{TB: t, c: c, log: &logged{}}
	process, err := connectors.Start(t.Context(), connectors.Launch{
		Name: "conformance.one", Command: c.Command, RuntimeDir: t.TempDir(), MemoryLimit: c.MemoryLimit,
		// No Secrets: the host would take them out before this suite could see them.
		Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatalf("start the connector: %v", err)
	}
	t.Cleanup(func() {
		if err := process.Stop(context.Background()); err != nil {
			t.Errorf("stop the connector: %v", err)
		}
	})
	s.process = process
	return s
}

// streams are those of the case, or all.
func (s *suite) streams() []connectors.Stream {
	var streams []connectors.Stream
	for _, stream := range s.process.Spec().Streams {
		if s.c.Streams == nil {
			streams = append(streams, stream)
		}
	}
	for _, name := range s.c.Streams {
		stream, found := s.process.Spec().Stream(name)
		if !found {
			s.Fatalf("the case names stream %s, which the connector does not have", name)
		}
		streams = append(streams, stream)
	}
	return streams
}

// serve starts a server for the rest of the check and returns its address.
func (s *suite) serve(handler http.Handler) string {
	if handler == nil {
		return ""
	}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // faults abort handlers on purpose
	server.Start()
	s.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// healthy is an instance of a server of its own that does not fail.
func (s *suite) healthy() connectors.Source {
	if s.c.Server == nil {
		return s.open("", promptHost{})
	}
	return s.open(s.serve(s.c.Server()), promptHost{})
}

func (s *suite) open(url string, host connectors.Host) connectors.Source {
	source, err := s.process.Open(s.Context(), s.c.Settings(url), host)
	if err != nil {
		s.Fatalf("open with the case's settings: %v", err)
	}
	return source
}

// promptHost grants everything at once.
type promptHost struct{}

func (promptHost) SaveToken(context.Context, []byte) error         { return nil }
func (promptHost) Wait(ctx context.Context, _ string, _ int) error { return ctx.Err() }
func (promptHost) Report(context.Context, string, int, time.Time)  {}

// slowHost lets every permit wait a little, so that the child sends what it
// has, page by page, instead of joining all pages into one batch.
type slowHost struct{ promptHost }

const permitDelay = 15 * time.Millisecond

func (slowHost) Wait(ctx context.Context, _ string, _ int) error {
	select {
	case <-time.After(permitDelay):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// logged collects log lines.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
