package config

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// MachineMemory is what this process may use, in bytes: the tightest of the
// cgroup's limit and the machine's memory; 2 GiB if neither can be read.
func MachineMemory() int64 { return machineMemory(os.ReadFile) }

func machineMemory(read func(path string) ([]byte, error)) int64 {
	limit := int64(0)
	take := func(n int64) {
		if n > 0 && (limit == 0 || n < limit) {
			limit = n
		}
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if text, err := read(path); err == nil {
			n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // "max" reads as no limit
			take(n)
		}
	}
	if text, err := read("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "MemTotal:" {
				kib, _ := strconv.ParseInt(fields[1], 10, 64)
				take(kib << 10)
			}
		}
	}
	if limit == 0 {
		return 2 << 30
	}
	return limit
}

// defaultMemory shares the machine out. DuckDB's resident size passes its
// limit by a third, or by 300 MB for small limits; a sync needs little, a
// build gets half of what is there.
func defaultMemory(total int64) Memory {
	const mb = 1_000_000
	sync := min(max(total/16, 128*mb), 256*mb)
	build := min(max(total/2-300*mb, 256*mb), total/2)
	return Memory{Sync: fmt.Sprintf("%dMB", sync/mb), Build: fmt.Sprintf("%dMB", max(build, 128*mb)/mb)}
}

func (l *loader) memory(top section) Memory {
	out := defaultMemory(l.opts.MemoryBytes)
	s, ok := top.block("memory", "block memory", memoryNames, nil)
	if !ok {
		return out
	}
	const least = 64_000_000
	if _, word, ok := s.size("sync", least); ok {
		out.Sync = word
	}
	if _, word, ok := s.size("build", least); ok {
		out.Build = word
	}
	return out
}
