package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A running daemon with its log, line by line.
type running struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string
}

// start runs the daemon and waits until it answers.
func (s *site) start() *running {
	s.t.Helper()
	cmd := exec.Command(binary, "run")
	cmd.Dir, cmd.Env = s.dir, s.env
	stderr, err := cmd.StderrPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	d := &running{t: s.t, cmd: cmd, lines: make(chan string, 10_000)}
	go d.read(stderr)
	s.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Signal(syscall.SIGCONT)
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	d.await("daemon started")
	return d
}

func (d *running) read(stderr io.Reader) {
	defer close(d.lines)
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		d.lines <- lines.Text()
	}
}

// await reads the log up to a line that contains text.
func (d *running) await(text string) {
	d.t.Helper()
	timeout := time.NewTimer(30 * time.Second)
	defer timeout.Stop()
	var seen []string
	for {
		select {
		case line, ok := <-d.lines:
			require.True(d.t, ok, "the daemon ended before %q\n%s", text, strings.Join(seen, "\n"))
			require.NotContains(d.t, line, testKey)
			seen = append(seen, line)
			if strings.Contains(line, text) {
				return
			}
		case <-timeout.C:
			require.Fail(d.t, "no such line in time", "%q\n%s", text, strings.Join(seen, "\n"))
		}
	}
}

// stop ends the daemon by SIGTERM and returns how long that took.
func (d *running) stop() time.Duration {
	d.t.Helper()
	started := time.Now()
	require.NoError(d.t, d.cmd.Process.Signal(syscall.SIGTERM))
	for range d.lines { // until the pipe closes, so that Wait loses nothing
	}
	require.NoError(d.t, d.cmd.Wait())
	return time.Since(started)
}

func TestRun_syncsBuildsAndPublishesBySchedule(t *testing.T) {
	s := newSite(t, forumConfig)
	d := s.start()
	d.await("publish")
	require.NotEqual(t, "0", s.query("select count(*) from kpi.dictionary"))
	require.Less(t, d.stop(), 10*time.Second)
	require.NoFileExists(t, s.path("data/rollcall.sock"))
}

// Every command that opens a database works beside a daemon, and gives what it
// gives without one.
func TestCommands_workThroughTheDaemon(t *testing.T) {
	s := builtSite(t, "")
	query := []string{"query", "--lake", "select key from raw.discourse__topics order by key limit 700"}
	alone := s.ok(query...)
	d := s.start()

	info, err := os.Stat(s.path("data/rollcall.sock"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	full := s.env
	s.env = []string{"PATH=" + os.Getenv("PATH")} // the daemon has the secrets
	require.Equal(t, alone, s.ok(query...))
	require.Contains(t, s.ok("status"), "posts")
	require.Contains(t, s.ok("sync", "--stream", "topics"), "topics")
	require.Contains(t, s.ok("build"), "passed")
	require.Contains(t, s.ok("publish"), "published")
	require.Contains(t, s.ok("doctor"), fmt.Sprintf("held by this process (%d)", d.cmd.Process.Pid))
	require.Contains(t, s.ok("backup", "copy"), "backed up")
	s.fails(exitUsage, `did you mean "forum"?`, "sync", "forun")
	s.fails(exitUsage, "is configured at", "purge", "forum", "--yes")
	s.fails(exitUsage, "", "query", "--lake", "drop table raw.discourse__topics")
	s.fails(exitInternal, fmt.Sprintf("pid %d", d.cmd.Process.Pid), "restore", "copy")
	s.fails(exitInternal, fmt.Sprintf("pid %d", d.cmd.Process.Pid), "run", "--once")
	s.env = full
	s.fails(exitInternal, "is in use", "run")
	d.stop()
	require.Contains(t, s.ok("restore", "copy"), "restored")
}

func TestCommands_nameADaemonThatHangs(t *testing.T) {
	s := newSite(t, head)
	d := s.start()
	require.NoError(t, d.cmd.Process.Signal(syscall.SIGSTOP))
	started := time.Now()
	s.fails(exitInternal, fmt.Sprintf("(pid %d) did not answer", d.cmd.Process.Pid), "status")
	require.Less(t, time.Since(started), 7*time.Second)
	require.NoError(t, d.cmd.Process.Signal(syscall.SIGCONT))
	s.ok("status")
	d.stop()
}

func TestCommands_openTheFilesAfterADaemonWasKilled(t *testing.T) {
	s := newSite(t, forumConfig)
	d := s.start()
	d.await("publish")
	require.NoError(t, d.cmd.Process.Kill())
	for range d.lines {
	}
	require.Error(t, d.cmd.Wait())
	require.FileExists(t, s.path("data/rollcall.sock"))
	require.Contains(t, s.ok("status"), "posts")
	s.start().stop()
}

func TestRun_reloadsOnlyAValidConfiguration(t *testing.T) {
	s := newSite(t, forumConfig)
	src, err := os.ReadFile(s.path("rollcall.hcl"))
	require.NoError(t, err)
	s.write(head)
	d := s.start()
	require.NotContains(t, s.ok("status"), "forum")

	s.write(strings.Replace(string(src), "url ", "ulr ", 1))
	require.NoError(t, d.cmd.Process.Signal(syscall.SIGHUP))
	d.await("the changed configuration is not used")
	require.NotContains(t, s.ok("status"), "forum")

	s.write(string(src))
	require.NoError(t, d.cmd.Process.Signal(syscall.SIGHUP))
	d.await("configuration reloaded")
	require.Contains(t, s.ok("status"), "forum")

	s.write(strings.Replace(string(src), `data_dir = "data"`, `data_dir = "elsewhere"`, 1))
	require.NoError(t, d.cmd.Process.Signal(syscall.SIGHUP))
	d.await("restart the daemon")
	d.stop()
}

func TestRun_putsItsSocketWhereThePathFits(t *testing.T) {
	s := newSite(t, head)
	runtime, err := os.MkdirTemp("/tmp", "rc")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(runtime)) })
	s.env = append(s.env, "XDG_RUNTIME_DIR="+runtime)
	s.write(strings.Replace(head, `"data"`, `"`+strings.Repeat("d", 100)+`"`, 1))
	d := s.start()
	require.NoFileExists(t, s.path(strings.Repeat("d", 100)+"/rollcall.sock"))
	s.ok("status")
	s.fails(exitInternal, fmt.Sprintf("pid %d", d.cmd.Process.Pid), "restore", "nothing")
	d.stop()
}

func TestRun_servesMetricsWhereConfigured(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	s := newSite(t, forumConfig+fmt.Sprintf("metrics { listen = %q }\n", address))
	d := s.start()
	d.await("publish")
	response, err := http.Get("http://" + address + "/metrics")
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Contains(t, string(body), `rollcall_runs_total{instance="forum",status="ok",stream="posts"} 1`)
	d.stop()
}

func TestStatus_isJSONBothWays(t *testing.T) {
	s := newSite(t, forumConfig)
	s.ok("sync", "--stream", "categories")
	var alone, beside statusResult
	require.NoError(t, json.Unmarshal([]byte(s.ok("status", "--json")), &alone))
	d := s.start()
	d.await("publish")
	require.NoError(t, json.Unmarshal([]byte(s.ok("status", "--json")), &beside))
	d.stop()
	require.Equal(t, alone.DataDir, beside.DataDir)
	require.Len(t, beside.Streams, len(alone.Streams))
}

// A source that never answers keeps nobody from stopping.
func TestRun_endsSoonWhileASourceIsSilent(t *testing.T) {
	asked := make(chan struct{}, 100)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	s := newSite(t, strings.ReplaceAll(forumConfig, "%FORUM%", server.URL))
	d := s.start()
	<-asked
	require.Less(t, d.stop(), 10*time.Second)
	require.Contains(t, s.ok("status"), "interrupted")
}

// A third-party connector is any program that speaks the protocol: here this
// one, which does so when it is told a type.
func TestSync_readsThroughAThirdPartyConnector(t *testing.T) {
	s := newSite(t, forumConfig)
	src, err := os.ReadFile(s.path("rollcall.hcl"))
	require.NoError(t, err)
	program, err := os.ReadFile(binary)
	require.NoError(t, err)
	third := strings.Replace(string(src), "url ", fmt.Sprintf("command = [%q, \"connector\", \"discourse\"]\n  checksum = \"%x\"\n  url ", binary, sha256.Sum256(program)), 1)
	s.write(third)
	require.Contains(t, s.ok("sync", "--stream", "categories"), "ok")
	require.Contains(t, s.ok("connectors", "list"), "Discourse")
	s.write(strings.Replace(third, "checksum = \"", "checksum = \"0000", 1))
	s.fails(exitConfig, "64 hexadecimal digits", "validate")
	s.write(strings.Replace(third, fmt.Sprintf("%x", sha256.Sum256(program)), strings.Repeat("0", 64), 1))
	s.fails(exitConfig, "checksum", "validate")
}
