package connectors_test

import (
	"bufio"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

// daemon starts a process of this binary that starts a child and waits; it
// returns the daemon and the child's process id.
func daemon(t *testing.T, runtimeDir, child string) (*exec.Cmd, int) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "daemon", runtimeDir, child)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	return cmd, pid
}

func TestServe_endsWithItsHost(t *testing.T) {
	host, pid := daemon(t, t.TempDir(), "plain")
	require.NoError(t, host.Process.Kill())
	require.Eventually(t, func() bool { return !alive(pid) }, bound, time.Millisecond)
}

func TestSweepLeftovers_endsTheChildOfAKilledDaemon(t *testing.T) {
	dir := t.TempDir()
	log := &logged{}
	host, pid := daemon(t, dir, "orphan")
	require.NoError(t, connectors.SweepLeftovers(dir, slog.New(slog.NewTextHandler(log, nil))))
	require.FileExists(t, filepath.Join(dir, itoa(pid)+".child.json"), "the child of a living daemon was ended")
	require.True(t, alive(pid))
	require.NoError(t, host.Process.Kill())
	_ = host.Wait()
	require.True(t, alive(pid))
	require.NoError(t, connectors.SweepLeftovers(dir, slog.New(slog.NewTextHandler(log, nil))))
	require.Eventually(t, func() bool { return !alive(pid) }, bound, time.Millisecond)
	require.Contains(t, log.String(), "pid="+itoa(pid))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestSweepLeftovers_sparesAProcessThatGotTheNumberLater(t *testing.T) {
	dir := t.TempDir()
	other := exec.Command("sleep", "60")
	other.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a child has it
	require.NoError(t, other.Start())
	t.Cleanup(func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	})
	path := filepath.Join(dir, "1.child.json")
	for _, text := range []string{
		`{"name":"test.one","pid":` + itoa(other.Process.Pid) + `,"started":"1@another-boot","host_pid":1,"host_started":"2@another-boot"}`,
		`{"pid":-1,"started":""}`,
		`cut {`,
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.NoError(t, connectors.SweepLeftovers(dir, slog.New(slog.NewTextHandler(io.Discard, nil))))
		require.NoFileExists(t, path)
		require.True(t, alive(other.Process.Pid))
	}
}
