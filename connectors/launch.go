package connectors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"rollcall/connectors/wire"
)

// A Launch says how to start a connector's process.
type Launch struct {
	Name         string        // the instance, "discourse.forum": in logs and errors
	Command      []string      // the executable and its arguments, which are visible to every user of the machine
	Checksum     string        // hex SHA-256 of the file Command[0]; empty: not checked
	RuntimeDir   string        // holds the sockets and the notes SweepLeftovers reads; made if missing
	MemoryLimit  int64         // resident bytes of the child and what it starts; 0: unlimited
	StallTimeout time.Duration // longest time without progress; 0: 10 min
	Log          *slog.Logger  // gets the child's log lines; nil: slog.Default()
	Secrets      []string      // never shown in a log or an error
}

const (
	startTimeout        = 30 * time.Second // until the handshake line; a cold Python takes seconds
	answerTimeout       = 5 * time.Second  // of the connection, once the child says that it listens
	describeTimeout     = 10 * time.Second
	defaultStallTimeout = 10 * time.Minute
	writeBufferBytes    = 256 << 10
	readBufferBytes     = 256 << 10
	windowBytes         = 4 << 20
	maxSocketPath       = 103 // of sun_path, on the strictest system
)

// Start starts the child, checks that both speak the same version and that
// what it says of itself can be used. The child lives until Stop; ctx bounds
// only the start.
func Start(ctx context.Context, l Launch) (*Process, error) {
	if len(l.Command) == 0 {
		return nil, fmt.Errorf("connector %s: no command", l.Name)
	}
	if l.Log == nil {
		l.Log = slog.Default()
	}
	if l.StallTimeout <= 0 {
		l.StallTimeout = defaultStallTimeout
	}
	path, err := exec.LookPath(l.Command[0])
	if err != nil {
		return nil, fmt.Errorf("connector %s: %w", l.Name, err)
	}
	if err := checkFile(path, l.Checksum); err != nil {
		return nil, fmt.Errorf("connector %s: %w", l.Name, err)
	}
	if l.RuntimeDir == "" {
		l.RuntimeDir = filepath.Join(os.TempDir(), fmt.Sprintf("rollcall-%d", os.Getuid()))
	}
	if err := os.MkdirAll(l.RuntimeDir, 0o700); err != nil {
		return nil, fmt.Errorf("connector %s: make the runtime directory: %w", l.Name, err)
	}
	p := &Process{name: l.Name, log: l.Log.With("connector", l.Name), redact: newRedactor(l.Secrets)}
	p.child = newChild(l, path, p.log, p.redact)
	p.watch = p.child.watch
	if err := p.connect(ctx, l); err != nil {
		return nil, err
	}
	if err := p.describe(ctx); err != nil {
		p.stopAfter(err)
		return nil, err
	}
	return p, nil
}

// connect starts the process and speaks go-plugin's handshake with it.
func (p *Process) connect(ctx context.Context, l Launch) error {
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake(),
		Plugins:          plugin.PluginSet{serviceName: &grpcPlugin{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, socketDir string) (runner.Runner, error) {
			p.child.socketDir = socketDir
			p.child.env = append(childEnv(l), cmd.Env...)
			return p.child, nil
		},
		StartTimeout:     2 * startTimeout, // within ends it first, and says why
		Logger:           hclog.NewNullLogger(),
		SyncStdout:       p.child.output.writer("stdout"),
		SyncStderr:       p.child.output.writer("stderr"),
		SkipHostEnv:      true,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: socketParent(l.RuntimeDir)},
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxFrameBytes), grpc.MaxCallSendMsgSize(maxFrameBytes)),
			grpc.WithReadBufferSize(readBufferBytes),
			grpc.WithInitialWindowSize(windowBytes),
			grpc.WithInitialConnWindowSize(windowBytes),
		},
	})
	err := p.within(ctx, startTimeout, "print its handshake line", func() error {
		_, err := p.client.Start()
		return err
	})
	if err == nil {
		err = p.within(ctx, answerTimeout, "answer its first call", p.dispense)
	}
	if err == nil {
		return nil
	}
	return p.startError(ctx, err)
}

// within bounds a step of go-plugin's, which knows no context: the end of the
// child ends the step.
func (p *Process) within(ctx context.Context, d time.Duration, what string, step func() error) error {
	done := make(chan error, 1)
	go func() { done <- step() }()
	timer := time.NewTimer(d)
	defer timer.Stop()
	var err error
	select {
	case err := <-done:
		return err
	case <-timer.C:
		why := p.child.hangReason(fmt.Sprintf("did not %s within %s", what, d))
		err = errors.New(why)
		p.child.kill(why)
	case <-ctx.Done():
		err = ctx.Err()
		p.child.kill("the start was cancelled")
	}
	<-done
	return err
}

func (p *Process) dispense() error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	stub, err := protocol.Dispense(serviceName)
	if err != nil {
		return err
	}
	p.grpc = protocol
	p.stub = stub.(wire.ConnectorClient)
	go p.cleanUp()
	return nil
}

// startError ends a child that did not start, and says why it did not in words
// an operator can act on.
func (p *Process) startError(ctx context.Context, err error) error {
	version, spoke := p.child.output.protocolVersion()
	verdict := p.child.verdict()
	if !spoke && p.child.started() {
		p.child.gone(ctx, drainTime+killGrace) // one that ended may not be reaped yet
	}
	p.child.kill("")
	if p.child.started() {
		<-p.child.exited
	}
	p.client.Kill()
	p.child.forget()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("start connector %s: %w", p.name, ctx.Err())
	case spoke && version != ProtocolVersion:
		return fmt.Errorf("connector %s speaks protocol version %d and this rollcall speaks %d: "+
			"install a build of the connector for version %d, or a rollcall that speaks version %d",
			p.name, version, ProtocolVersion, ProtocolVersion, version)
	case verdict != "":
		return &Died{Name: p.name, Reason: verdict}
	case !p.child.started():
		return fmt.Errorf("start connector %s: %s", p.name, p.redact.text(err.Error()))
	case spoke:
		return &Bug{Name: p.name, Reason: "its handshake cannot be used: " + p.redact.text(err.Error())}
	default:
		return &Died{Name: p.name, Reason: p.child.reason() + " before its handshake line"}
	}
}

// childEnv is all that a child inherits of the host's environment, and its
// share of the memory limit.
func childEnv(l Launch) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy", raceOptions} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	if l.MemoryLimit > 0 {
		// The rest is for what Go's runtime does not count, and for bursts.
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", l.MemoryLimit/5*4))
	}
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if l.Log.Enabled(context.Background(), level) {
			return append(env, levelVariable+"="+level.String())
		}
	}
	return env
}

// socketParent is where the child's socket directory is made: runtimeDir, or a
// short place when the path of a socket in it would be too long for the kernel.
func socketParent(runtimeDir string) string {
	const inside = len("/plugin-dir4294967295/plugin4294967295")
	short := []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir()}
	for _, dir := range append([]string{runtimeDir}, short...) {
		if dir != "" && len(dir)+inside <= maxSocketPath {
			return dir
		}
	}
	return "/tmp"
}

var interpreter = regexp.MustCompile(`^(python|pypy|node|nodejs|deno|bun|ruby|perl|php|lua|java|dotnet|mono|env|sh|bash|dash|zsh|ksh|fish|pwsh|Rscript|uv|npx|go)[0-9.]*(\.exe)?$`)

// checkFile compares the executable with its checksum.
func checkFile(path, checksum string) error {
	if checksum == "" {
		return nil
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("checksum: %w", err)
	}
	file, err := os.Open(target)
	if err != nil {
		return fmt.Errorf("checksum: %w", err)
	}
	defer file.Close()
	magic := make([]byte, 2)
	if _, err := io.ReadFull(file, magic); err != nil {
		return fmt.Errorf("checksum: %s: %w", path, err)
	}
	if interpreter.MatchString(filepath.Base(path)) || interpreter.MatchString(filepath.Base(target)) || string(magic) == "#!" {
		return fmt.Errorf("checksum covers only %s, which an interpreter runs or is: leave the checksum out, or name a single executable", path)
	}
	sum := sha256.New()
	sum.Write(magic)
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("checksum: %w", err)
	}
	if found := hex.EncodeToString(sum.Sum(nil)); !strings.EqualFold(found, checksum) {
		return errors.New("checksum of " + path + " is " + found + ", the config says " + checksum +
			": if the new file is the one you want, write its checksum into the config")
	}
	return nil
}
