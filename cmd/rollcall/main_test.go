package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/demoforum"
)

// binary is the program under test, built once.
var binary string

// manyRowsEnv makes the tests' executable the program, which takes every table for
// a large one.
const manyRowsEnv = "ROLLCALL_TEST_MANY_ROWS"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "connector" { // a daemon inside a test starts its own executable
		main()
		return
	}
	if os.Getenv(manyRowsEnv) != "" {
		manyRows = 1
		main()
		return
	}
	if os.Getenv(benchEnv) != "" {
		os.Exit(benchProcess(os.Args[1:]))
	}
	if os.Getenv(readerEnv) != "" {
		if err := readPublished(os.Args[1], os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "rollcall-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "rollcall")
	args := append([]string{"build", "-o", binary}, buildFlags()...)
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// A site is a data directory with a configuration.
type site struct {
	t       *testing.T
	dir     string
	env     []string
	program string // binary, unless set
}

const testKey = "k3y-0f-th3-t3st-f0rum"

// newSite writes a configuration; %FORUM% stands for a made-up forum's address.
func newSite(t *testing.T, config string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), env: append(os.Environ(), "FORUM_KEY="+testKey)}
	if strings.Contains(config, "%FORUM%") {
		forum := demoforum.New(demoforum.Options{Seed: 3, End: time.Now().UTC().Truncate(24 * time.Hour), Months: 6, Members: 60})
		server := httptest.NewServer(forum.Handler(testKey))
		t.Cleanup(server.Close)
		config = strings.ReplaceAll(config, "%FORUM%", server.URL)
	}
	s.write(config)
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(config string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(s.path("rollcall.hcl"), []byte(config), 0o600))
}

func (s *site) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.path(name))
	require.NoError(s.t, err)
	return string(text)
}

const head = `data_dir = "data"
privacy { identity_matching = "opt_in" }
`

// forumConfig reads a few streams of the made-up forum as fast as it answers.
const forumConfig = head + `
connector "discourse" "forum" {
  url     = "%FORUM%"
  api_key = env("FORUM_KEY")
  rate "api" {
    limit = 1000000
    per   = "1m"
  }
}
`

// commandTimeout is for machines that do other work as well.
const commandTimeout = 5 * time.Minute

// ended is a finished command.
type ended struct {
	code           int
	stdout, stderr string
}

// run executes the program and waits for it.
func (s *site) run(args ...string) ended {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, cmp.Or(s.program, binary), args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	require.NoError(s.t, ctx.Err(), "%v took too long\n%s", args, stderr.String())
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		require.NoError(s.t, err)
	}
	out := ended{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	require.NotContains(s.t, out.stdout+out.stderr, testKey, "%v shows a secret", args)
	require.NotContains(s.t, out.stderr, "panic:", "%v", args)
	return out
}

// ok runs a command that must succeed and returns its output.
func (s *site) ok(args ...string) string {
	s.t.Helper()
	out := s.run(args...)
	require.Zero(s.t, out.code, "%v\n%s%s", args, out.stdout, out.stderr)
	return out.stdout
}

// fails runs a command that must end with a code and a message.
func (s *site) fails(code int, message string, args ...string) ended {
	s.t.Helper()
	out := s.run(args...)
	require.Equal(s.t, code, out.code, "%v\n%s%s", args, out.stdout, out.stderr)
	require.Contains(s.t, out.stderr, message, "%v", args)
	return out
}

// query reads one value by the program's own query.
func (s *site) query(args ...string) string {
	s.t.Helper()
	lines := strings.Split(strings.TrimSpace(s.ok(append([]string{"query"}, args...)...)), "\n")
	require.Len(s.t, lines, 2, "a head and one row")
	return lines[1]
}
