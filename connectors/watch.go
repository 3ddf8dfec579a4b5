package connectors

import (
	"fmt"
	"sync"
	"time"
)

const (
	watchEvery   = 100 * time.Millisecond
	groupEvery   = 20               // looks between two searches for the group's members
	stoppedGrace = 10 * time.Second // a child under SIGSTOP may be continued within
)

// A watch looks after one child: it ends it when it outgrows its memory or
// makes no progress, and says so.
type watch struct {
	child  *child
	limit  int64
	stall  time.Duration
	frozen time.Duration // longest time under SIGSTOP

	mu      sync.Mutex
	calls   map[*call]struct{}
	members []int // of the process group
	rss     int64
	peak    int64
	stopped time.Time // since when the child is seen under SIGSTOP
}

// A call is one request to the child that it owes an answer.
type call struct {
	name string

	mu       sync.Mutex
	progress time.Time
	owed     int // answers the host owes the child
}

func newWatch(c *child, l Launch) *watch {
	return &watch{child: c, limit: l.MemoryLimit, stall: l.StallTimeout, frozen: min(l.StallTimeout, stoppedGrace),
		calls: map[*call]struct{}{}}
}

func (w *watch) enter(name string) *call {
	c := &call{name: name, progress: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[c] = struct{}{}
	return c
}

func (w *watch) leave(c *call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.calls, c)
}

// owe says that the child waits for the host; paid that it no longer does.
// Both are progress.
func (c *call) owe()  { c.change(1) }
func (c *call) paid() { c.change(-1) }

func (c *call) change(by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owed += by
	c.progress = time.Now()
}

// idle is how long the child has had no reason to be silent since heard.
func (c *call) idle(now, heard time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.owed > 0 {
		return 0
	}
	if heard.After(c.progress) {
		return now.Sub(heard)
	}
	return now.Sub(c.progress)
}

func (w *watch) resident() (now, peak int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rss, w.peak
}

func (w *watch) run() {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for look := 0; ; look++ {
		w.weigh(look%groupEvery == 0)
		w.look(time.Now())
		select {
		case <-ticker.C:
		case <-w.child.exited:
			return
		}
	}
}

// weigh adds up the resident size of the group.
func (w *watch) weigh(search bool) {
	pid := w.child.pid
	if search {
		w.members = processGroup(pid)
	}
	var rss int64
	for _, member := range w.members {
		rss += processRSS(member)
	}
	w.mu.Lock()
	w.rss, w.peak = rss, max(w.peak, rss, processPeak(pid))
	peak := w.peak
	w.mu.Unlock()
	if w.limit > 0 && rss > w.limit {
		w.child.kill(fmt.Sprintf("out of memory: limit %d MiB, peak %d MiB", w.limit>>20, (peak+1<<20-1)>>20))
	}
}

// look ends a child that is stopped or makes no progress.
func (w *watch) look(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !processStopped(w.child.pid) {
		w.stopped = time.Time{}
	} else if w.stopped.IsZero() {
		w.stopped = now
	}
	heard := w.child.output.lastSpoke()
	for c := range w.calls {
		if !w.stopped.IsZero() {
			if now.Sub(w.stopped) < w.frozen {
				continue
			}
			w.child.kill(fmt.Sprintf("stopped by a signal (SIGSTOP) and not continued for %s during %s", w.frozen, c.name))
			return
		}
		if c.idle(now, heard) > w.stall {
			w.child.kill(fmt.Sprintf("stalled: no batch, permit request or log line for %s during %s", w.stall, c.name))
			return
		}
	}
}
