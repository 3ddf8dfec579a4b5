package warehouse

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// makeDataDir creates a data directory, and what is missing above it, 0711
// whatever the umask: other users must pass through it to published/, and can
// see nothing else. One that exists is left as its owner made it.
func makeDataDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := makeDataDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o711); err != nil {
		if info, statErr := os.Stat(dir); statErr == nil && info.IsDir() {
			return nil // another process was first
		}
		return err
	}
	return os.Chmod(dir, 0o711)
}

// closeToOthers keeps the database files to their owner: DuckDB creates them
// by the umask. It goes by name, since opening a live database file and
// closing it again would drop DuckDB's lock on it.
func closeToOthers(dir string) error {
	for _, path := range []string{LakePath(dir), MartsPath(dir), LakePath(dir) + ".wal", MartsPath(dir) + ".wal"} {
		if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("close the database files to other users: %w", err)
		}
	}
	return nil
}
