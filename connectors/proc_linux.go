package connectors

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ticksPerSecond is USER_HZ, which is 100 on every Linux Go runs on.
const ticksPerSecond = 100

// waitUnreaped returns when the process has ended, and whether it left its
// number taken.
func waitUnreaped(pid int) bool {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err == nil
		}
	}
}

// processStat is the part of /proc/PID/stat that follows the command's name:
// state, parent, group, …; nil when there is no such process.
func processStat(pid int) []string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil
	}
	end := bytes.LastIndexByte(stat, ')') // the name may hold anything
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) < 22 {
		return nil
	}
	return fields
}

func processStopped(pid int) bool {
	stat := processStat(pid)
	return stat != nil && stat[0] == "T"
}

func processCPU(pid int) time.Duration {
	stat := processStat(pid)
	if stat == nil {
		return 0
	}
	user, _ := strconv.ParseInt(stat[11], 10, 64) // the kernel's own numbers
	system, _ := strconv.ParseInt(stat[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticksPerSecond
}

// processStarted is the process's start time in ticks since boot and the boot
// it belongs to; empty when there is no such process or it is a zombie.
func processStarted(pid int) string {
	stat := processStat(pid)
	if stat == nil || stat[0] == "Z" || stat[0] == "X" {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return stat[19] + "@" + strings.TrimSpace(string(boot))
}

// processGroup lists the processes of a group.
func processGroup(group int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return []int{group}
	}
	var members []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if found, err := syscall.Getpgid(pid); err == nil && found == group {
			members = append(members, pid)
		}
	}
	return members
}

func processRSS(pid int) int64 {
	statm, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}

// processPeak is the largest resident size the process ever had.
func processPeak(pid int) int64 {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	_, after, found := bytes.Cut(status, []byte("VmHWM:"))
	if !found {
		return 0
	}
	fields := bytes.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseInt(string(fields[0]), 10, 64)
	return kib << 10
}

func signalName(s syscall.Signal) string { return unix.SignalName(s) }
