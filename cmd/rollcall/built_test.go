package main

import (
	"os"
	"os/exec"
	"path/filepath"
	gosync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// builtOnce is the data directory of a site of forumConfig after its first
// `run --once`. A build of every KPI takes ten seconds of processor time, and
// most tests only need one to have been.
var builtOnce struct {
	gosync.Mutex
	dir string
	day string // what is partial, final and to date is so on a day
}

// builtSite is a site of forumConfig, with more of the configuration behind it,
// that was synced, built and published.
func builtSite(t *testing.T, more string) *site {
	t.Helper()
	s := newSite(t, forumConfig+more)
	builtOnce.Lock()
	defer builtOnce.Unlock()
	if day := time.Now().UTC().Format(time.DateOnly); builtOnce.day != day {
		first := newSite(t, forumConfig)
		first.ok("run", "--once")
		kept := filepath.Join(filepath.Dir(binary), "built-"+day)
		require.NoError(t, os.Rename(first.path("data"), kept))
		builtOnce.dir, builtOnce.day = kept, day
	}
	out, err := exec.Command("cp", "-a", builtOnce.dir, s.path("data")).CombinedOutput() // links and modes too
	require.NoError(t, err, string(out))
	return s
}

// awayFromMidnight waits until the day lasts this long: builds that are to be
// equal are of one day.
func awayFromMidnight(enough time.Duration) {
	now := time.Now().UTC()
	if left := now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now); left < enough {
		time.Sleep(left)
	}
}
