package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// isPrivate reports whether a path below the data directory must stay closed.
func isPrivate(name string) bool {
	return name != "published" && !strings.HasPrefix(name, "published/")
}

func TestRunOnce_opensPublishedAndNothingElse(t *testing.T) {
	for _, umask := range []int{0o000, 0o077} {
		s := newSite(t, forumConfig)
		before := syscall.Umask(umask) // the program inherits it
		s.ok("run", "--once")
		s.ok("backup", "data/backups")
		syscall.Umask(before)
		data := s.path("data")
		require.Equal(t, fs.FileMode(0o711), modeOf(data))
		require.NoError(t, filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
			require.NoError(t, err)
			name, err := filepath.Rel(data, path)
			require.NoError(t, err)
			switch {
			case name == ".":
			case isPrivate(name):
				require.Zero(t, modeOf(path)&0o077, "%s by umask %03o", name, umask)
			case entry.IsDir():
				require.Equal(t, fs.FileMode(0o755), modeOf(path), "%s by umask %03o", name, umask)
			case entry.Type().IsRegular():
				require.Equal(t, fs.FileMode(0o444), modeOf(path), "%s by umask %03o", name, umask)
			}
			return nil
		}))
	}
}

func TestRun_keepsItsOpenFilesPrivate(t *testing.T) {
	s := newSite(t, forumConfig)
	before := syscall.Umask(0)
	d := s.start()
	syscall.Umask(before)
	d.await("run ended")
	entries, err := os.ReadDir(s.path("data"))
	require.NoError(t, err)
	for _, entry := range entries { // the write-ahead logs and the socket among them
		if isPrivate(entry.Name()) {
			require.Zero(t, modeOf(s.path("data/"+entry.Name()))&0o077, entry.Name())
		}
	}
	d.stop()
}

func TestDoctor_namesWhatIsOpenOrShut(t *testing.T) {
	s := builtSite(t, "")
	require.NoError(t, os.Chmod(filepath.Dir(s.dir), 0o711)) // a test's own folder is shut
	require.Contains(t, s.ok("doctor"), "other users read published/ and nothing else")
	for path, mode := range map[string]fs.FileMode{"data/tmp": 0o755, "data/published": 0o777} {
		before := modeOf(s.path(path))
		require.NoError(t, os.Chmod(s.path(path), mode))
		require.Contains(t, s.fails(exitInternal, s.path(path), "doctor").stdout, "fail\taccess\t"+s.path(path))
		require.NoError(t, os.Chmod(s.path(path), before))
	}
	require.NoError(t, os.Chmod(s.path("data"), 0o700))
	require.Contains(t, s.ok("doctor"), "chmod o+x "+s.path("data"))
}
