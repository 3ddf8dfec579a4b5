package connectors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// drainTime is how long the output of a dead child is read on; a process it
// left behind may hold the pipes open for ever.
const drainTime = 200 * time.Millisecond

// A child is the operating system's side of a connector: a process group with
// a pipe to its stdin, which ends when the host does. It is go-plugin's runner,
// whose own blocks on a long stdout line and hands over the daemon's stdin.
type child struct {
	launch    Launch
	path      string
	env       []string
	socketDir string
	log       *slog.Logger
	output    *output
	watch     *watch

	cmd    *exec.Cmd
	pid    int
	stdin  *os.File      // the host's end, open until the child is gone
	exited chan struct{} // closed when the child is gone and its output is read

	mu     sync.Mutex
	why    string // decided by the host before the child ended
	state  *os.ProcessState
	reaped bool // the pid may belong to somebody else
}

var _ runner.Runner = (*child)(nil)

func newChild(l Launch, path string, log *slog.Logger, redact *redactor) *child {
	c := &child{launch: l, path: path, log: log, output: newOutput(log, redact), exited: make(chan struct{})}
	c.watch = newWatch(c, l)
	return c
}

// Start starts the process. Its group is its own, so that it can be ended with
// everything it started, and so that Ctrl-C reaches only the host.
func (c *child) Start(context.Context) error {
	var ours, theirs []*os.File
	defer func() { closeAll(theirs) }()
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(ours)
			return err
		}
		ours, theirs = append(ours, r), append(theirs, w)
	}
	ours[0], theirs[0] = theirs[0], ours[0] // stdin runs the other way
	c.cmd = &exec.Cmd{
		Path: c.path, Args: c.launch.Command, Env: c.env,
		Stdin: theirs[0], Stdout: theirs[1], Stderr: theirs[2],
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	if err := c.launchUnlessKilled(); err != nil {
		closeAll(ours)
		return err
	}
	c.stdin = ours[0]
	if err := c.note(); err != nil {
		c.log.Warn("a killed daemon would leave this connector behind", "err", err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { c.output.readStdout(ours[1]) })
	reading.Go(func() { c.output.readStderr(ours[2]) })
	go c.reap(ours, &reading)
	go c.watch.run()
	return nil
}

func (c *child) launchUnlessKilled() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why != "" {
		return errors.New(c.why)
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	c.pid = c.cmd.Process.Pid
	return nil
}

// reap waits for the end of the process, ends its group while the group's
// number is still reserved by it, and reads the rest of the output.
func (c *child) reap(pipes []*os.File, reading *sync.WaitGroup) {
	reserved := waitUnreaped(c.pid)
	if !reserved {
		_ = c.cmd.Wait() // its verdict is read from ProcessState
	}
	c.mu.Lock()
	_ = syscall.Kill(-c.pid, syscall.SIGKILL) // nobody left is no fault
	if reserved {
		_ = c.cmd.Wait()
	}
	c.state, c.reaped = c.cmd.ProcessState, true
	c.mu.Unlock()
	for _, pipe := range pipes[1:] {
		_ = pipe.SetReadDeadline(time.Now().Add(drainTime))
	}
	reading.Wait()
	closeAll(pipes)
	c.output.end()
	close(c.exited)
}

func closeAll(files []*os.File) {
	for _, file := range files {
		_ = file.Close() // pipes: nothing is lost by it
	}
}

func (c *child) started() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pid != 0
}

func (c *child) running() bool {
	select {
	case <-c.exited:
		return false
	default:
		return c.started()
	}
}

// gone waits until the child is gone, but at most d or until ctx is done.
func (c *child) gone(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.exited:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return !c.running()
}

// expect gives the reason of an end to come, unless one was given before.
func (c *child) expect(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why == "" && !c.reaped {
		c.why = why
	}
}

// verdict is the reason the host decided on, if it did.
func (c *child) verdict() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.why
}

// kill ends the whole group at once, for a reason.
func (c *child) kill(why string) {
	c.expect(why)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pid != 0 && !c.reaped {
		_ = syscall.Kill(-c.pid, syscall.SIGKILL) // already gone is as well
	}
}

// reason says why the child is gone.
func (c *child) reason() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why != "" {
		return c.why
	}
	if c.state == nil {
		return "it is gone"
	}
	reason := fmt.Sprintf("exited with code %d", c.state.ExitCode())
	if status, ok := c.state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		reason = fmt.Sprintf("killed by %s (%s)", signalName(status.Signal()), status.Signal())
		if status.Signal() == syscall.SIGKILL {
			reason += ", by the operator or the system's out-of-memory killer"
		}
	}
	if last := c.output.lastWords(); last != "" {
		reason += ": " + last
	}
	return reason
}

// hangReason names a child that is stopped rather than busy.
func (c *child) hangReason(otherwise string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped && processStopped(c.pid) {
		return "stopped by a signal (SIGSTOP) and not continued; " + otherwise
	}
	return otherwise
}

func (c *child) cpuTime() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != nil {
		return c.state.UserTime() + c.state.SystemTime()
	}
	return processCPU(c.pid)
}

// Wait, Kill and the rest are go-plugin's view of the child.

// Wait returns when the child is gone.
func (c *child) Wait(context.Context) error {
	<-c.exited
	if c.state != nil && !c.state.Success() {
		return errors.New(c.state.String())
	}
	return nil
}

// Kill ends the group; whoever has go-plugin do so knows the reason.
func (c *child) Kill(context.Context) error {
	c.kill("")
	return nil
}

// Stdout has the handshake line and nothing else.
func (c *child) Stdout() io.ReadCloser { return c.output.handshake }

// Stderr is empty until the child is gone: its lines are read here.
func (c *child) Stderr() io.ReadCloser { return c.output.silence }

// Name is the executable's path.
func (c *child) Name() string { return c.path }

// ID is the process id.
func (c *child) ID() string {
	if !c.started() {
		return ""
	}
	return strconv.Itoa(c.pid)
}

// Diagnose has nothing to add to the handshake's own error.
func (c *child) Diagnose(context.Context) string { return "" }

// PluginToHost checks that the socket lies where the child was told to put it.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	if network == "unix" && !strings.HasPrefix(address, c.socketDir+string(os.PathSeparator)) {
		return "", "", fmt.Errorf("its socket %s is not in %s", address, c.socketDir)
	}
	return network, address, nil
}

// HostToPlugin is the identity: both see the same files.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
