package connectors_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

// bound is the longest any misbehaviour may hold the host, with room for a
// busy machine.
const bound = 10 * time.Second

func drop(connectors.Batch) error { return nil }

func TestStart_namesWhyAChildDidNotStart(t *testing.T) {
	cases := map[string]struct {
		child, want string
		change      func(*connectors.Launch)
	}{
		"exits":           {"exit-early", "exited with code 3: cannot find my library before its handshake line", nil},
		"another version": {"other-version", "speaks protocol version 7 and this rollcall speaks 1: install a build of the connector for version 1", nil},
		"foreign socket":  {"foreign-socket", "its socket /tmp/elsewhere.sock is not in", nil},
		"mute":            {"mute", "did not answer its first call within 5s", nil},
		"reserved":        {"reserved-setting", `setting "memory_limit": the name belongs to the host's own part of the block`, nil},
		"missing": {"", "no-such-connector", func(l *connectors.Launch) {
			l.Command = []string{"/no-such-connector"}
		}},
		"not executable": {"", "permission denied", func(l *connectors.Launch) {
			l.Command = []string{filepath.Join(l.RuntimeDir, "plain")}
			_ = os.WriteFile(l.Command[0], []byte("text"), 0o600)
		}},
		"no program": {"", "exec format error", func(l *connectors.Launch) {
			l.Command = []string{filepath.Join(l.RuntimeDir, "plain")}
			_ = os.WriteFile(l.Command[0], []byte("text"), 0o700)
		}},
		"checksum": {"", "checksum of", func(l *connectors.Launch) {
			l.Command[0], _ = os.Executable()
			l.Checksum = strings.Repeat("0", 64)
		}},
		"interpreter": {"", "leave the checksum out", func(l *connectors.Launch) {
			l.Command = []string{"sh", "-c", "true"}
			l.Checksum = strings.Repeat("0", 64)
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			within(t, bound, func() {
				_, _, err := start(t, c.child, c.change)
				require.ErrorContains(t, err, c.want)
			})
		})
	}
}

func TestStart_canBeCancelled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	within(t, bound, func() {
		_, err := connectors.Start(ctx, connectors.Launch{Name: "test.one", RuntimeDir: t.TempDir(),
			Command: []string{"/proc/self/exe", "connector", "silent"}})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestStart_acceptsAChildThatTalksBeforeItsHandshake(t *testing.T) {
	_, source, log := open(t, "long-line-before", &freeHost{}, nil)
	require.NoError(t, source.Read(t.Context(), "posts", nil, drop))
	require.Contains(t, log.String(), "xxx… (65536 bytes)")
	require.Less(t, len(log.String()), 10_000)
}

func TestProcess_saysWhyItDied(t *testing.T) {
	cases := map[string]struct {
		want   string
		change func(*connectors.Launch)
	}{
		"crash":   {"exited with code 2: panic: nil map in a goroutine, [redacted]", nil},
		"exit":    {"exited with code 4: my last words", nil},
		"sigkill": {"killed by SIGKILL (killed), by the operator or the system's out-of-memory killer", nil},
		"sigabrt": {"exited with code 2: SIGABRT: abort", nil},
		"hang": {"stalled: no batch, permit request or log line for 1s during Read hang",
			func(l *connectors.Launch) { l.StallTimeout = time.Second }},
		"freeze": {"stopped by a signal (SIGSTOP) and not continued for 1s during Read freeze",
			func(l *connectors.Launch) { l.StallTimeout = time.Second }},
		"swallow": {"out of memory: limit 256 MiB, peak ",
			func(l *connectors.Launch) { l.MemoryLimit = 256 << 20 }},
	}
	for stream, c := range cases {
		t.Run(stream, func(t *testing.T) {
			p, source, _ := open(t, "plain", &freeHost{}, func(l *connectors.Launch) {
				l.Secrets = []string{"s3cret-token"}
				if c.change != nil {
					c.change(l)
				}
			})
			within(t, bound, func() {
				err := source.Read(t.Context(), stream, nil, drop)
				var died *connectors.Died
				require.ErrorAs(t, err, &died)
				require.Contains(t, died.Reason, c.want)
				require.Equal(t, "test.one", died.Name)
				<-p.Done()
				_, err = source.Check(t.Context())
				require.ErrorAs(t, err, &died)
				require.Contains(t, died.Reason, c.want)
			})
		})
	}
}

func TestProcess_survivesAPanicInOneRead(t *testing.T) {
	_, source, log := open(t, "plain", &freeHost{}, nil)
	var bug *connectors.Bug
	require.ErrorAs(t, source.Read(t.Context(), "panic", nil, drop), &bug)
	require.Contains(t, bug.Reason, "panic in Read panic: nil map")
	require.NoError(t, source.Read(t.Context(), "posts", nil, drop))
	require.Contains(t, log.String(), "panic in the connector")
}

func TestProcess_keepsItsLogShortWhateverTheChildWrites(t *testing.T) {
	_, source, log := open(t, "plain", &freeHost{}, func(l *connectors.Launch) { l.Secrets = []string{"s3cret-token"} })
	within(t, bound, func() {
		require.NoError(t, source.Read(t.Context(), "long-stdout", nil, drop))
		require.NoError(t, source.Read(t.Context(), "flood", nil, drop))
		require.NoError(t, source.Read(t.Context(), "posts", nil, drop))
	})
	require.NotContains(t, log.String(), "s3cret")
	require.Contains(t, log.String(), "yyy… (65536 bytes)")
	require.Less(t, len(log.String()), 1<<20)
}

func TestProcess_passesFaultyRecordsAndRejectsLargeOnes(t *testing.T) {
	_, source, _ := open(t, "plain", &freeHost{}, nil)
	var got connectors.Batch
	require.NoError(t, source.Read(t.Context(), "faulty", nil, func(b connectors.Batch) error { got = b; return nil }))
	var keys []string
	for _, r := range got.Records {
		keys = append(keys, r.Key)
	}
	require.Equal(t, []string{"1", "utf8", "cut", "null", "gone", "2"}, keys)
	require.Equal(t, json.RawMessage("{\"a\":\"\xff\xfe\"}"), got.Records[1].Data)
	require.Equal(t, json.RawMessage("{\"a\":\"\x00\"}"), got.Records[3].Data)
	require.True(t, got.Records[4].Deleted)
	require.Equal(t, []connectors.Reject{
		{Key: "large", Size: 17<<20 + 7, Reason: "record of 17.0 MiB, larger than 16 MiB"},
		{Key: "key\uFFFD", Size: 6, Reason: "key is not valid UTF-8"},
	}, got.Rejects)
	require.Equal(t, "c", string(got.Cursor))
}

func TestProcess_namesWhatNoSourceMayEmit(t *testing.T) {
	_, source, _ := open(t, "plain", &freeHost{}, nil)
	for stream, want := range map[string]string{
		"huge-cursor": "bug in the connector test.one: a cursor of 65537 bytes; at most 65536 are allowed",
		"empty-key":   "bug in the connector test.one: record 0 of a batch of 1 has an empty key",
	} {
		require.EqualError(t, source.Read(t.Context(), stream, nil, drop), want)
	}
}

func TestProcess_namesAReadThatIgnoresItsCancel(t *testing.T) {
	p, source, log := open(t, "plain", &freeHost{}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	within(t, 3*time.Second, func() {
		err := source.Read(ctx, "deaf", nil, func(connectors.Batch) error { cancel(); return nil })
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "connector test.one ignored the end of Read deaf for 1s")
	})
	require.Contains(t, log.String(), "connector does not end a call")
	within(t, 2*time.Second, func() { require.NoError(t, p.Stop(t.Context())) })
}

func TestStop_endsAChildWithinTwoSeconds(t *testing.T) {
	for stream, want := range map[string]string{
		"hang":   "stopped by the host",
		"freeze": "stopped by a signal (SIGSTOP) and not continued; failed its health check: no answer within 1s",
	} {
		t.Run(stream, func(t *testing.T) {
			p, source, _ := open(t, "plain", &freeHost{}, nil)
			ended := make(chan error, 1)
			go func() { ended <- source.Read(t.Context(), stream, nil, drop) }()
			if stream == "freeze" {
				require.Eventually(t, func() bool { return state(p.PID()) == "T" }, bound, time.Millisecond)
			}
			within(t, 2*time.Second, func() { require.NoError(t, p.Stop(t.Context())) })
			<-p.Done()
			var died *connectors.Died
			require.ErrorAs(t, p.Err(), &died)
			require.Equal(t, want, died.Reason)
			within(t, bound, func() { require.ErrorAs(t, <-ended, &died) })
		})
	}
}

func TestStop_leavesNothingBehind(t *testing.T) {
	var dir string
	p, _, err := start(t, "plain", func(l *connectors.Launch) { dir = l.RuntimeDir })
	require.NoError(t, err)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2) // socket directory and note
	info, err := os.Stat(filepath.Join(dir, entries[1].Name()))
	require.NoError(t, err)
	require.Equal(t, os.ModeDir|0o700, info.Mode())
	began := time.Now()
	require.NoError(t, p.Stop(t.Context()))
	require.Less(t, time.Since(began), time.Second)
	require.Eventually(t, func() bool {
		entries, err = os.ReadDir(dir)
		return err == nil && len(entries) == 0
	}, bound, time.Millisecond)
	require.NoError(t, p.Stop(t.Context()))
}

func TestStart_keepsTheSocketPathShort(t *testing.T) {
	_, source, _ := open(t, "plain", &freeHost{}, func(l *connectors.Launch) {
		l.RuntimeDir = filepath.Join(l.RuntimeDir, strings.Repeat("deep", 25))
	})
	require.NoError(t, source.Read(t.Context(), "posts", nil, drop))
}

func TestStart_givesTheChildAnAllowListOfVariables(t *testing.T) {
	t.Setenv("ROLLCALL_TEST_SECRET", "hunter2")
	t.Setenv("TZ", "Europe/Berlin")
	t.Setenv("https_proxy", "http://localhost:1")
	_, source, _ := open(t, "plain", &freeHost{}, func(l *connectors.Launch) { l.MemoryLimit = 500 << 20 })
	var seen struct {
		Environment string
		Arguments   []string
	}
	require.NoError(t, source.Read(t.Context(), "environment", nil, func(b connectors.Batch) error {
		return json.Unmarshal(b.Records[0].Data, &seen)
	}))
	var names []string
	for line := range strings.Lines(seen.Environment) {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	require.Subset(t, []string{"PATH", "HOME", "TMPDIR", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy", "GOMEMLIMIT",
		"ROLLCALL_LOG_LEVEL", "ROLLCALL_CONNECTOR", "PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT", "PLUGIN_PROTOCOL_VERSIONS",
		"PLUGIN_UNIX_SOCKET_DIR", "GORACE"}, names)
	require.Contains(t, seen.Environment, "TZ=Europe/Berlin\n")
	require.Contains(t, seen.Environment, "https_proxy=http://localhost:1\n")
	require.Contains(t, seen.Environment, "GOMEMLIMIT=419430400\n")
	require.Contains(t, seen.Environment, "ROLLCALL_LOG_LEVEL=DEBUG\n")
	require.Equal(t, []string{"/proc/self/exe", "connector", "plain"}, seen.Arguments)
}

// state is the state letter of a process: "T" is stopped, "" is gone.
func state(pid int) string {
	stat, err := os.ReadFile(filepath.Join("/proc", itoa(pid), "stat"))
	if err != nil {
		return ""
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return after[:1]
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil && state(pid) != "Z" }
