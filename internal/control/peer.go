package control

import (
	"os"
	"syscall"
)

// peer is the process at the other end of a socket.
type peer struct {
	PID int // 0: unknown
	UID int
}

func ownedByUs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}
