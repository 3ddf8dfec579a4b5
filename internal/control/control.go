// Package control is the daemon's unix socket: the command line works through
// it while a daemon holds the database files, which DuckDB lets no second
// process open.
//
// A call is one POST of a JSON [Request]; the answer is a stream of JSON
// lines: first a greeting, then events and signs of life, last the result or
// an error with the exit code the command line should end with.
package control

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Timing of the protocol.
const (
	AnswerTimeout = 4 * time.Second // without a line for this long the daemon hangs; a command says so within five
	aliveEvery    = time.Second     // between two signs of life
)

// maxSocketPath is what fits a sockaddr_un on every system, with its final
// null byte.
const maxSocketPath = 103

// maxLine bounds a request and a line of an answer.
const maxLine = 64 << 20

// A Request is one command with its arguments.
type Request struct {
	Version string          `json:"version"` // the caller's program version
	Command string          `json:"command"`
	Args    json.RawMessage `json:"args,omitempty"`
}

// line is one line of an answer; exactly one member is set.
type line struct {
	Hello  *Hello          `json:"hello,omitempty"`
	Alive  bool            `json:"alive,omitempty"`
	Event  json.RawMessage `json:"event,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *Error          `json:"error,omitempty"`
}

// Hello opens every answer.
type Hello struct {
	PID     int    `json:"pid"`
	Version string `json:"version"`
}

// An Error is a command's failure as it crosses the socket.
type Error struct {
	Message string          `json:"message"`
	Exit    int             `json:"exit"`
	Result  json.RawMessage `json:"result,omitempty"` // what was done in spite of it
}

func (e *Error) Error() string { return e.Message }

// ErrNoDaemon says that nobody listens: the caller may open the files itself.
var ErrNoDaemon = errors.New("no daemon is running")

// HangsError says that a daemon is there and does not answer.
type HangsError struct {
	PID    int // 0: unknown
	Socket string
}

func (e *HangsError) Error() string {
	who := "the daemon"
	if e.PID != 0 {
		who = fmt.Sprintf("the daemon (pid %d)", e.PID)
	}
	return fmt.Sprintf("%s did not answer on %s within %s: it hangs or is stopped; look at its log, or end it and try again", who, e.Socket, AnswerTimeout)
}

// SocketPath names the socket of a data directory: in the directory, or where
// that path is too long for a socket, in runtimeDir under a name made of it.
// Daemon and command line must pass the same runtimeDir.
func SocketPath(dataDir, runtimeDir string) string {
	path := filepath.Join(dataDir, "rollcall.sock")
	if len(path) <= maxSocketPath {
		return path
	}
	sum := sha256.Sum256([]byte(filepath.Clean(dataDir)))
	return filepath.Join(runtimeDir, "rollcall-"+hex.EncodeToString(sum[:8])+".sock")
}

// RuntimeDir is where sockets go that do not fit the data directory: xdg
// (XDG_RUNTIME_DIR) if it is set and short enough, else a directory of this
// user below /tmp. It is created 0700 and must belong to this user.
func RuntimeDir(xdg string) (string, error) {
	dir := fmt.Sprintf("/tmp/rollcall-%d", os.Getuid())
	if xdg != "" && len(xdg) <= 60 {
		dir = filepath.Join(xdg, "rollcall")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("create the runtime directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ownedByUs(info) {
		return "", fmt.Errorf("the runtime directory %s must be a directory of this user with mode 0700", dir)
	}
	return dir, nil
}
