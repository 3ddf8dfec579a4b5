package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A smallDisk is a file system of its own that a test can fill.
type smallDisk struct {
	t   *testing.T
	dir string
}

// mountDisk puts a small file system at dir, which takes a right that most
// users do not have.
func mountDisk(t *testing.T, dir, size string) smallDisk {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o700))
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		t.Skipf("a file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, unix.Unmount(dir, 0)) })
	return smallDisk{t, dir}
}

func (d smallDisk) ballast() string { return filepath.Join(d.dir, "ballast") }

// fill leaves so many bytes free.
func (d smallDisk) fill(free int64) {
	d.t.Helper()
	var stat unix.Statfs_t
	require.NoError(d.t, unix.Statfs(d.dir, &stat))
	size := int64(stat.Bavail)*stat.Bsize - free
	require.Positive(d.t, size)
	file, err := os.Create(d.ballast())
	require.NoError(d.t, err)
	require.NoError(d.t, unix.Fallocate(int(file.Fd()), 0, 0, size))
	require.NoError(d.t, file.Close())
}

func (d smallDisk) clear() {
	d.t.Helper()
	require.NoError(d.t, os.Remove(d.ballast()))
}

func TestDiskFull_ofARealDiskIsSaidAndHeals(t *testing.T) {
	s := newSite(t, forumConfig)
	disk := mountDisk(t, s.path("data"), "256m")
	s.ok("sync", "--stream", "users")
	users := s.query("--lake", "select count(*) from raw.discourse__users")

	disk.fill(256 << 10)
	out := s.run("sync")
	require.Equal(t, exitPartial, out.code, "%s%s", out.stdout, out.stderr)
	require.Contains(t, out.stdout, "disk full")
	require.Contains(t, out.stdout, "free space for")
	require.Equal(t, users, s.query("--lake", "select count(*) from raw.discourse__users"), "the lake is intact")
	disk.clear()
	s.ok("sync")
	require.Equal(t, "0", s.query("--lake", "select count(*) from (select key from raw.discourse__posts group by key, version having count(*) > 1)"))

	s.ok("run", "--once")
	release, err := os.Readlink(s.path("data/published/rollcall.duckdb"))
	require.NoError(t, err)
	values := s.query("select count(*) from kpi.value")
	for _, free := range []int64{64 << 10, 4 << 20} {
		disk.fill(free)
		out = s.run("build", "--full")
		if out.code == 0 {
			out = s.run("publish")
		}
		require.NotZero(t, out.code, "with %d bytes free", free)
		require.Contains(t, out.stderr+out.stdout, "disk full")
		still, err := os.Readlink(s.path("data/published/rollcall.duckdb"))
		require.NoError(t, err)
		require.Equal(t, release, still, "the last good release stays")
		require.Equal(t, values, s.query("select count(*) from kpi.value"))
		disk.clear()
	}
	s.ok("build", "--full")
	s.ok("publish")
	require.Equal(t, values, s.query("select count(*) from kpi.value"))
	s.ok("doctor")
}
