package connectors

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const noteSuffix = ".child.json"

// A note says which process a daemon started, so that the next one can tell it
// from another that later got the same number.
type note struct {
	Name        string `json:"name"`
	PID         int    `json:"pid"`
	Started     string `json:"started"`
	HostPID     int    `json:"host_pid"`
	HostStarted string `json:"host_started"`
	SocketDir   string `json:"socket_dir"`
}

func (c *child) notePath() string {
	return filepath.Join(c.launch.RuntimeDir, fmt.Sprintf("%d%s", c.pid, noteSuffix))
}

func (c *child) note() error {
	text, err := json.Marshal(note{
		Name: c.launch.Name, PID: c.pid, Started: processStarted(c.pid),
		HostPID: os.Getpid(), HostStarted: processStarted(os.Getpid()), SocketDir: c.socketDir,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(c.notePath(), text, 0o600)
}

// forget removes the note and the socket directory of a child that is gone.
func (c *child) forget() {
	var faults []error
	if c.started() {
		faults = append(faults, os.Remove(c.notePath()))
	}
	if c.socketDir != "" {
		faults = append(faults, os.RemoveAll(c.socketDir))
	}
	if err := errors.Join(faults...); err != nil {
		c.log.Debug("clean up after the connector", "err", err)
	}
}

// SweepLeftovers ends the children of daemons that were killed and could not
// end them, by the notes in runtimeDir. Children of a living process, this one
// included, are left alone.
func SweepLeftovers(runtimeDir string, log *slog.Logger) error {
	paths, err := filepath.Glob(filepath.Join(escapeGlob(runtimeDir), "*"+noteSuffix))
	if err != nil {
		return fmt.Errorf("sweep leftovers: %w", err)
	}
	var faults []error
	for _, path := range paths {
		if err := sweep(path, log); err != nil {
			faults = append(faults, fmt.Errorf("sweep %s: %w", path, err))
		}
	}
	return errors.Join(faults...)
}

func sweep(path string, log *slog.Logger) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // its owner was quicker
	}
	if err != nil {
		return err
	}
	var n note
	if err := json.Unmarshal(text, &n); err != nil || n.PID <= 1 {
		log.Warn("unreadable note of a connector's process removed", "path", path)
		return os.Remove(path)
	}
	if n.HostStarted != "" && processStarted(n.HostPID) == n.HostStarted {
		return nil
	}
	if n.Started == "" && syscall.Kill(n.PID, 0) == nil {
		return nil // no telling whose it is
	}
	if n.Started != "" && processStarted(n.PID) == n.Started {
		log.Warn("connector of a killed daemon ended", "connector", n.Name, "pid", n.PID)
		if err := syscall.Kill(-n.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	if strings.HasPrefix(filepath.Base(n.SocketDir), "plugin-dir") {
		if err := os.RemoveAll(n.SocketDir); err != nil {
			return err
		}
	}
	return os.Remove(path)
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
