package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// A Handler carries a command out. It may call emit with events any number of
// times. An error that has a method ExitCode() int keeps that code; a result
// returned beside an error is sent with it.
type Handler func(ctx context.Context, command string, args json.RawMessage, emit func(event any)) (result any, err error)

// A Server answers on the daemon's socket.
type Server struct {
	Version string
	Handle  Handler
	Log     *slog.Logger

	http http.Server
	path string
}

// Listen binds the socket, 0600. The caller holds the data directory's lock,
// so a socket that is there already was left by a dead daemon.
func (s *Server) Listen(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the old socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on the daemon's socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s.path = path
	return listener, nil
}

// Serve answers until Close. Callers of another user are turned away.
func (s *Server) Serve(listener net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/command", s.command)
	s.http.Handler = mux
	s.http.ReadHeaderTimeout = AnswerTimeout
	s.http.ErrorLog = slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug)
	err := s.http.Serve(peerListener{listener, s.Log})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close waits for running commands until ctx ends, then cuts them off.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	if s.path != "" {
		_ = os.Remove(s.path) // gone already where the listener unlinked it
	}
	return err
}

// peerListener accepts connections of this user, and of root.
type peerListener struct {
	net.Listener
	log *slog.Logger
}

func (l peerListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer, err := peerOf(conn)
		if err == nil && (peer.UID == os.Getuid() || peer.UID == 0) {
			return conn, nil
		}
		l.log.Warn("refused a caller on the daemon's socket", "uid", peer.UID, "err", err)
		_ = conn.Close() // nothing was said yet
	}
}

func (s *Server) command(w http.ResponseWriter, r *http.Request) {
	var request Request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxLine)).Decode(&request); err != nil {
		http.Error(w, "the request is no JSON command", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := &answer{w: w, encoder: json.NewEncoder(w)}
	out.send(line{Hello: &Hello{PID: os.Getpid(), Version: s.Version}})
	stop := out.keepAlive()
	result, err := s.Handle(r.Context(), request.Command, request.Args, func(event any) {
		if raw, err := json.Marshal(event); err == nil {
			out.send(line{Event: raw})
		}
	})
	stop()
	raw, marshalErr := json.Marshal(result)
	if err = errors.Join(err, marshalErr); err != nil {
		out.send(line{Error: &Error{Message: err.Error(), Exit: exitCode(err), Result: raw}})
		return
	}
	out.send(line{Result: raw})
}

func exitCode(err error) int {
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return 1
}

// answer writes lines of one response from several goroutines.
type answer struct {
	mu      sync.Mutex
	w       http.ResponseWriter
	encoder *json.Encoder
}

// send writes one line at once. A caller that is gone shows in the request's
// context, so the error is not looked at here.
func (a *answer) send(l line) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_ = a.encoder.Encode(l)
	_ = http.NewResponseController(a.w).Flush()
}

// keepAlive sends signs of life until the returned function is called.
func (a *answer) keepAlive() (stop func()) {
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(aliveEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				a.send(line{Alive: true})
			case <-done:
				return
			}
		}
	}()
	return func() { close(done); <-stopped }
}
