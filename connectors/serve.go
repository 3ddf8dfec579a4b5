package connectors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rollcall/connectors/wire"
)

// levelVariable tells a child which of its log lines the host will show.
const levelVariable = "ROLLCALL_LOG_LEVEL"

// serviceName is the one plugin a child serves, in go-plugin's words.
const serviceName = "connector"

// exitGrace is how long a child may take to return from main once its host is
// gone.
const exitGrace = time.Second

// Serve is the main function of a connector's process. Of several connectors
// it serves the one whose type is the last argument. It returns when the host
// is gone; main should then return too. Logs go to stderr as JSON lines, also
// those of the standard logger.
func Serve(list ...Connector) {
	stdout, stderr := os.Stdout, os.Stderr // go-plugin replaces the variables
	logger := slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: levelFromHost()}))
	slog.SetDefault(logger)
	connector, err := chosen(list, os.Args)
	if err != nil {
		fmt.Fprintln(stderr, err)
		os.Exit(2)
	}
	serving := &server{connector: connector, log: logger, sources: map[uint64]*served{},
		restore: sync.OnceFunc(func() { os.Stdout, os.Stderr = stdout, stderr })}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake(),
		Plugins:         plugin.PluginSet{serviceName: &grpcPlugin{server: serving}},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			s := grpc.NewServer(append(options, serverOptions()...)...)
			go exitWithHost(os.Stdin, s)
			return s
		},
		Logger: hclog.NewNullLogger(),
	})
}

func handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		ProtocolVersion:  ProtocolVersion,
		MagicCookieKey:   "ROLLCALL_CONNECTOR",
		MagicCookieValue: "rollcall.connector",
	}
}

func serverOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(newFrameCodec()),
		grpc.MaxRecvMsgSize(maxFrameBytes),
		grpc.MaxSendMsgSize(maxFrameBytes),
		grpc.WriteBufferSize(writeBufferBytes),
	}
}

func levelFromHost() slog.Level {
	var level slog.Level
	if level.UnmarshalText([]byte(os.Getenv(levelVariable))) != nil {
		return slog.LevelInfo
	}
	return level
}

func chosen(list []Connector, args []string) (Connector, error) {
	if len(list) == 1 {
		return list[0], nil
	}
	var types []string
	for _, connector := range list {
		typ := connector.Spec().Type
		if len(args) > 1 && args[len(args)-1] == typ {
			return connector, nil
		}
		types = append(types, typ)
	}
	return nil, fmt.Errorf("name one of these connectors as the last argument: %s", strings.Join(types, ", "))
}

// exitWithHost ends the process when the host is gone: the kernel closes the
// child's stdin with it, however it died.
func exitWithHost(stdin io.Reader, s *grpc.Server) {
	_, _ = io.Copy(io.Discard, stdin) // any end of it is the end
	time.AfterFunc(exitGrace, func() { os.Exit(0) })
	s.Stop()
}

// grpcPlugin is the go-plugin face of the Connector service.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	server *server // nil in the host
}

func (p *grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	wire.RegisterConnectorServer(s, p.server)
	return nil
}

func (p *grpcPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return wire.NewConnectorClient(conn), nil
}

// server answers the host inside the child.
type server struct {
	wire.UnimplementedConnectorServer
	connector Connector
	log       *slog.Logger
	restore   func() // gives the process its own stdout and stderr back

	mu      sync.Mutex
	lastID  uint64
	sources map[uint64]*served
}

// served is one opened instance.
type served struct {
	source Source
	host   *childHost
}

// Describe is the first call of every host. From then on what the connector
// prints goes straight to its pipes: go-plugin would carry it beside the calls
// and lose the last words of a crash.
func (s *server) Describe(context.Context, *wire.DescribeRequest) (r *wire.DescribeResponse, err error) {
	s.restore()
	err = s.guard("Describe", nil, func() error {
		r = specToWire(s.connector.Spec())
		return nil
	})
	return r, err
}

func (s *server) Open(ctx context.Context, request *wire.OpenRequest) (r *wire.OpenResponse, err error) {
	err = s.guard("Open", nil, func() error {
		host := &childHost{live: map[*session]struct{}{}}
		source, err := s.connector.Open(ctx, Settings(request.GetSettings()), host)
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lastID++
		s.sources[s.lastID] = &served{source: Join(source), host: host}
		r = &wire.OpenResponse{Source: s.lastID}
		return nil
	})
	return r, err
}

func (s *server) Check(stream grpc.BidiStreamingServer[wire.HostMessage, wire.SourceMessage]) error {
	return s.run(stream, "Check", func(ctx context.Context, at *served, _ *wire.Start, calls *session) error {
		access, err := at.source.Check(ctx)
		if err != nil {
			return err
		}
		return calls.send(&wire.SourceMessage{Message: &wire.SourceMessage_Access{Access: accessToWire(access)}})
	})
}

func (s *server) Read(stream grpc.BidiStreamingServer[wire.HostMessage, wire.SourceMessage]) error {
	return s.run(stream, "Read", func(ctx context.Context, at *served, start *wire.Start, calls *session) error {
		var cursor Cursor
		if start.GetHasCursor() {
			cursor = append(Cursor{}, start.GetCursor()...)
		}
		return at.source.Read(ctx, start.GetStream(), cursor, calls.emit)
	})
}

// run serves one Check or Read from its start message to its end.
func (s *server) run(stream grpc.BidiStreamingServer[wire.HostMessage, wire.SourceMessage], name string,
	call func(context.Context, *served, *wire.Start, *session) error) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	start := first.GetStart()
	s.mu.Lock()
	at := s.sources[start.GetSource()]
	s.mu.Unlock()
	if start == nil || at == nil {
		return status.Errorf(codes.InvalidArgument, "%s: the first message must be the start of an opened source", name)
	}
	calls := newSession(stream)
	at.host.enter(calls)
	defer at.host.leave(calls)
	ctx, cancel := context.WithCancel(context.WithValue(stream.Context(), sessionKey{}, calls))
	defer cancel()
	go calls.receive(cancel)
	return s.guard(strings.TrimSpace(name+" "+start.GetStream()), calls, func() error {
		err := call(ctx, at, start, calls)
		if err != nil && ctx.Err() != nil {
			return errCancelled
		}
		return err
	})
}

var errCancelled = errors.New("cancelled by the host")

// guard makes a status of the error and a bug of the panic of one call, so
// that the process and its other calls go on.
func (s *server) guard(name string, calls *session, call func() error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			s.log.Error("panic in the connector", "call", name, "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in %s: %v", name, fault)
		}
		switch {
		case err == nil:
		case errors.Is(err, errCancelled):
			err = status.FromContextError(context.Canceled).Err()
		default:
			request := ""
			if calls != nil {
				request = calls.lastRequest()
			}
			err = failureStatus(err, request)
		}
	}()
	return call()
}
