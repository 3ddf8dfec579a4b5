package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	gosync "sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// benchEnv turns the test's own executable into one of the benchmark's
// processes: the company that is read, and those who read it.
const benchEnv = "ROLLCALL_TEST_BENCH"

// benchProcess is the main function of such a process.
func benchProcess(args []string) int {
	roles := map[string]func(args []string) error{
		"company": benchCompany, "line": benchLine, "sync": benchSync, "bare": benchBare, "read_json": benchReadJSON,
	}
	if err := roles[args[0]](args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// A cost is what one stage of a process took, as the process prints it when
// the stage is over: one line of JSON.
type cost struct {
	Stage        string
	Records      int64   // that passed the stage; 0: not counted
	Bytes        int64   // on disk or received; 0: not counted
	Seconds, CPU float64 // CPU of the process and its ended children

	PeakMB float64 `json:"-"` // of the process and its children together, by who watches it
	Served float64 `json:"-"` // CPU seconds of the company meanwhile
}

func (c cost) print() { _ = json.NewEncoder(os.Stdout).Encode(c) } // the reader may be gone

// A stopwatch tells what was spent since it was last asked.
type stopwatch struct {
	at  time.Time
	cpu float64
}

func startWatch() *stopwatch { return &stopwatch{time.Now(), ownCPU()} }

func (s *stopwatch) lap() (seconds, cpu float64) {
	now := stopwatch{time.Now(), ownCPU()}
	seconds, cpu = now.at.Sub(s.at).Seconds(), now.cpu-s.cpu
	*s = now
	return seconds, cpu
}

// ownCPU are the CPU seconds of this process and its ended children.
func ownCPU() (seconds float64) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		_ = syscall.Getrusage(who, &usage) // both are known
		seconds += time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
	}
	return seconds
}

// benchCommand is a process of the benchmark in a role.
func benchCommand(b *testing.B, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(b.Context(), "/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), benchEnv+"=1")
	return cmd
}

// watched runs a process to its end and returns what its stages cost, and last
// what the whole did.
func watched(b *testing.B, company *benchedCompany, cmd *exec.Cmd) (costs []cost) {
	b.Helper()
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	began, served := time.Now(), company.cpu(b)
	require.NoError(b, cmd.Start())
	memory := watchMemory(cmd.Process.Pid)
	whole := cost{Stage: "whole process"}
	note := func(c cost) {
		now := company.cpu(b)
		c.Served, served = now-served, now
		whole.Served += c.Served
		whole.PeakMB = max(whole.PeakMB, c.PeakMB)
		if c.Seconds > 0 { // else it is a size
			say("  %s: %d records, %.1f s, %.1f CPU seconds, %.0f MB at the peak", c.Stage, c.Records, c.Seconds, c.CPU, c.PeakMB)
		}
		costs = append(costs, c)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var c cost
		require.NoError(b, json.Unmarshal(lines.Bytes(), &c), lines.Text())
		c.PeakMB = memory.lap()
		note(c)
	}
	require.NoError(b, cmd.Wait(), "%v", cmd.Args)
	memory.stop()
	last := company.cpu(b) - served
	whole.PeakMB, whole.Served = max(whole.PeakMB, memory.lap()), whole.Served+last
	whole.Seconds = time.Since(began).Seconds()
	whole.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	return append(costs, whole)
}

// A memoryWatch looks ten times a second, of large processes less often, at how
// much memory a process and its children take: their proportional sets, which
// count once what they share.
type memoryWatch struct {
	mu   gosync.Mutex
	peak float64 // MB
	quit chan struct{}
	done chan struct{}
}

func watchMemory(pid int) *memoryWatch {
	w := &memoryWatch{quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for {
			began := time.Now()
			now := treeMB(pid)
			rest := max(100*time.Millisecond, 20*time.Since(began)) // the kernel counts page by page
			w.mu.Lock()
			w.peak = max(w.peak, now)
			w.mu.Unlock()
			select {
			case <-w.quit:
				return
			case <-time.After(rest):
			}
		}
	}()
	return w
}

// lap is the peak since it was last asked for.
func (w *memoryWatch) lap() (megabytes float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	megabytes, w.peak = w.peak, 0
	return megabytes
}

func (w *memoryWatch) stop() {
	close(w.quit)
	<-w.done
}

// treeMB is the proportional set of a process and its children; those that
// ended meanwhile count nothing.
func treeMB(pid int) (megabytes float64) {
	dir := "/proc/" + strconv.Itoa(pid)
	text, _ := os.ReadFile(dir + "/smaps_rollup")
	for line := range strings.Lines(string(text)) {
		if size, found := strings.CutPrefix(line, "Pss:"); found {
			kB, _ := strconv.ParseFloat(strings.Fields(size)[0], 64)
			megabytes += kB / 1024
		}
	}
	tasks, _ := filepath.Glob(dir + "/task/*/children")
	for _, task := range tasks {
		children, _ := os.ReadFile(task)
		for _, child := range strings.Fields(string(children)) {
			if id, err := strconv.Atoi(child); err == nil {
				megabytes += treeMB(id)
			}
		}
	}
	return megabytes
}
