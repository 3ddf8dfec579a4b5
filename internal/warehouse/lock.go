package warehouse

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrLocked is matched by the error of [LockDir] when another process holds
// the data directory.
var ErrLocked = errors.New("the data directory is in use")

// A Lock is the exclusive use of one data directory by this process. The
// kernel drops it when the process dies, however it dies.
type Lock struct{ file *os.File }

// LockDir takes the data directory for this process; who describes it to
// others ("rollcall run"). It does not wait.
func LockDir(dir, who string, now time.Time) (*Lock, error) {
	if err := makeDataDir(dir); err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, "rollcall.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder := readHolder(file)
		closeErr := file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s is held by %s", ErrLocked, dir, holder)
		}
		return nil, errors.Join(fmt.Errorf("lock the data directory %s: %w", dir, err), closeErr)
	}
	holder := fmt.Sprintf("%s (process %d, since %s)", who, os.Getpid(), now.UTC().Format(time.RFC3339))
	if err := errors.Join(file.Truncate(0), writeHolder(file, holder)); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data directory %s: %w", dir, err), file.Close())
	}
	return &Lock{file}, nil
}

// Unlock gives the directory back. The lock file stays: removing it would let
// two processes lock two different files of one name.
func (l *Lock) Unlock() error { return l.file.Close() }

func writeHolder(file *os.File, holder string) error {
	_, err := file.WriteAt([]byte(holder+"\n"), 0)
	return err
}

func readHolder(file *os.File) string {
	text, err := io.ReadAll(io.LimitReader(file, 300))
	if holder := strings.TrimSpace(string(text)); err == nil && holder != "" {
		return holder
	}
	return "another process"
}
