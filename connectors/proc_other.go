//go:build unix && !linux

package connectors

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Without /proc a child's memory is bounded by GOMEMLIMIT alone, a stopped
// child is found by its silence, and leftovers are not swept.

func waitUnreaped(int) bool { return false }

func processStopped(int) bool { return false }

func processCPU(int) time.Duration { return 0 }

func processStarted(int) string { return "" }

func processGroup(group int) []int { return []int{group} }

func processRSS(int) int64 { return 0 }

func processPeak(int) int64 { return 0 }

func signalName(s syscall.Signal) string { return unix.SignalName(s) }
