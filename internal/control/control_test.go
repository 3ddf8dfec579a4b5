package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type coded struct{ code int }

func (coded) Error() string   { return "three of four" }
func (c coded) ExitCode() int { return c.code }

func serve(t *testing.T, handle Handler) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rollcall.sock")
	server := &Server{Version: "v1", Handle: handle, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	listener, err := server.Listen(path)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Close(ctx) // a handler may still be held by its test
		require.NoError(t, <-served)
	})
	return &Client{Socket: path, Version: "v1"}
}

func TestCall_carriesArgumentsEventsAndResult(t *testing.T) {
	client := serve(t, func(_ context.Context, command string, args json.RawMessage, emit func(any)) (any, error) {
		emit(map[string]int{"done": 1})
		emit(map[string]int{"done": 2})
		return map[string]string{"command": command, "args": string(args)}, nil
	})
	var events []string
	result, hello, err := client.Call(t.Context(), "sync", map[string]bool{"full": true}, func(raw json.RawMessage) { events = append(events, string(raw)) })
	require.NoError(t, err)
	require.JSONEq(t, `{"command":"sync","args":"{\"full\":true}"}`, string(result))
	require.Equal(t, []string{`{"done":1}`, `{"done":2}`}, events)
	require.Equal(t, Hello{PID: os.Getpid(), Version: "v1"}, *hello)
}

func TestCall_keepsExitCodeAndPartialResult(t *testing.T) {
	client := serve(t, func(context.Context, string, json.RawMessage, func(any)) (any, error) { return []int{1}, coded{5} })
	result, _, err := client.Call(t.Context(), "sync", nil, nil)
	var failed *Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, 5, failed.Exit)
	require.Equal(t, "three of four", failed.Message)
	require.JSONEq(t, "[1]", string(result))
}

func TestCall_saysThatNobodyListens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollcall.sock")
	_, _, err := (&Client{Socket: path}).Call(t.Context(), "status", nil, nil)
	require.ErrorIs(t, err, ErrNoDaemon)

	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	listener.SetUnlinkOnClose(false)
	require.NoError(t, listener.Close())
	require.FileExists(t, path)
	_, _, err = (&Client{Socket: path}).Call(t.Context(), "status", nil, nil)
	require.ErrorIs(t, err, ErrNoDaemon, "a dead daemon's socket")
}

func TestCall_namesADaemonThatHangs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollcall.sock")
	listener, err := net.Listen("unix", path) // accepts nothing, as a stopped process does
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	started := time.Now()
	_, _, err = (&Client{Socket: path, Timeout: 100 * time.Millisecond}).Call(t.Context(), "status", nil, nil)
	var hangs *HangsError
	require.ErrorAs(t, err, &hangs)
	require.Equal(t, os.Getpid(), hangs.PID)
	require.Less(t, time.Since(started), AnswerTimeout)
}

func TestCall_waitsForASlowCommand(t *testing.T) {
	client := serve(t, func(ctx context.Context, _ string, _ json.RawMessage, _ func(any)) (any, error) {
		timer := time.NewTimer(3 * aliveEvery)
		defer timer.Stop()
		select {
		case <-timer.C:
			return "done", nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	client.Timeout = 2 * aliveEvery
	result, _, err := client.Call(t.Context(), "build", nil, nil)
	require.NoError(t, err)
	require.JSONEq(t, `"done"`, string(result))
}

func TestCall_cancelsTheCommand(t *testing.T) {
	cancelled := make(chan struct{})
	client := serve(t, func(ctx context.Context, _ string, _ json.RawMessage, emit func(any)) (any, error) {
		emit("started")
		<-ctx.Done()
		close(cancelled)
		return nil, ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err := client.Call(ctx, "sync", nil, func(json.RawMessage) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	<-cancelled
}

func TestListen_isPrivateAndReplacesADeadSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollcall.sock")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	server := &Server{}
	listener, err := server.Listen(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, listener.Close())
}

func TestSocketPath_fitsASocketAddress(t *testing.T) {
	require.Equal(t, "/data/rollcall.sock", SocketPath("/data", "/run/user/1"))
	long := "/" + strings.Repeat("d", 89) // with /rollcall.sock: 104 bytes
	path := SocketPath(long, "/run/user/1")
	require.True(t, strings.HasPrefix(path, "/run/user/1/rollcall-"))
	require.Equal(t, path, SocketPath(long+"/", "/run/user/1"))
	require.NotEqual(t, path, SocketPath(long+"x", "/run/user/1"))
	require.Equal(t, long[:89]+"/rollcall.sock", SocketPath(long[:89], "/run/user/1"), "103 bytes fit")
}

func TestRuntimeDir_refusesADirectoryOpenToOthers(t *testing.T) {
	xdg, err := os.MkdirTemp("/tmp", "rc")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(xdg)) })
	dir, err := RuntimeDir(xdg)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(xdg, "rollcall"), dir)
	require.NoError(t, os.Chmod(dir, 0o755))
	_, err = RuntimeDir(xdg)
	require.ErrorContains(t, err, "0700")
}

func TestExitCode_isInternalUnlessTheErrorSays(t *testing.T) {
	require.Equal(t, 1, exitCode(errors.New("x")))
	require.Equal(t, 4, exitCode(errors.Join(errors.New("x"), coded{4})))
}
