package connectors

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// flushAfter is how long records wait for more before they cross.
const flushAfter = time.Second

// Join returns the source with consecutive batches joined to at most
// MaxBatchRecords records or MaxBatchBytes bytes; a larger batch is split. A
// joined batch has the last cursor and all scopes and ranges of the batches
// that end in it. It is emitted when it is full, a second after its first
// record, when a request permit is not granted at once, and at the end, also
// when Read ends with an error of its own: what was fetched is kept.
//
// One joined batch is emitted at a time, and Read goes on meanwhile until the
// next one is full; so an error of emit comes back from a later batch. Records
// over MaxRecordBytes become rejects.
func Join(s Source) Source { return joined{s} }

type joined struct{ Source }

func (s joined) Read(ctx context.Context, stream string, cursor Cursor, emit func(Batch) error) error {
	j := &joiner{ctx: ctx, emit: emit, ended: make(chan struct{})}
	j.changed.L = &j.mu
	if session := sessionOf(ctx); session != nil {
		session.joiner.Store(j)
	}
	go j.send()
	defer j.end(true) // a panic of Read leaves nothing behind
	err := s.Source.Read(ctx, stream, cursor, j.add)
	return j.finish(err)
}

type joiner struct {
	ctx   context.Context
	emit  func(Batch) error
	ended chan struct{} // closed when send returns

	mu      sync.Mutex
	changed sync.Cond
	pending Batch
	bytes   int         // of pending's keys and data
	due     bool        // pending is to be sent as soon as the last one is stored
	closed  bool        // nothing more will be added
	err     error       // the first error of emit
	timer   *time.Timer // makes pending due
}

// add is the emit that the source sees.
func (j *joiner) add(b Batch) error {
	if bug := checkBatch(b); bug != nil {
		return bug
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range b.Records {
		if reject, ok := rejectOf(r); ok {
			j.pending.Rejects = append(j.pending.Rejects, reject)
			continue
		}
		size := len(r.Key) + len(r.Data)
		if err := j.makeRoom(size); err != nil {
			return err
		}
		j.pending.Records = append(j.pending.Records, r)
		j.bytes += size
	}
	if err := j.failed(); err != nil {
		return err
	}
	j.pending.Rejects = append(j.pending.Rejects, b.Rejects...)
	j.pending.Covered = append(j.pending.Covered, b.Covered...)
	j.pending.Scopes = append(j.pending.Scopes, b.Scopes...)
	if b.Cursor != nil {
		j.pending.Cursor = b.Cursor
	}
	if b.Progress != (Progress{}) {
		j.pending.Progress = b.Progress
	}
	if len(j.pending.Records) >= MaxBatchRecords || j.bytes >= MaxBatchBytes || len(j.pending.Rejects) >= MaxBatchRecords {
		j.setDue()
	} else if j.timer == nil && !j.empty() {
		j.timer = time.AfterFunc(flushAfter, j.flush)
	}
	return nil
}

// makeRoom waits until a record of that size fits into pending.
func (j *joiner) makeRoom(size int) error {
	for {
		if err := j.failed(); err != nil {
			return err
		}
		n := len(j.pending.Records)
		if n == 0 || n < MaxBatchRecords && j.bytes+size <= MaxBatchBytes {
			return nil
		}
		j.setDue()
		j.changed.Wait()
	}
}

func (j *joiner) failed() error {
	if j.err != nil {
		return j.err
	}
	return j.ctx.Err()
}

func (j *joiner) empty() bool {
	p := &j.pending
	return len(p.Records) == 0 && len(p.Rejects) == 0 && p.Cursor == nil && len(p.Covered) == 0 &&
		len(p.Scopes) == 0 && p.Progress == Progress{}
}

func (j *joiner) setDue() {
	j.due = true
	j.changed.Broadcast()
}

// flush has what is pending sent as soon as possible. It does not wait.
func (j *joiner) flush() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.empty() {
		j.setDue()
	}
}

// send emits what is due, one batch at a time.
func (j *joiner) send() {
	defer close(j.ended)
	j.mu.Lock()
	defer j.mu.Unlock()
	for {
		for !j.due && !j.closed {
			j.changed.Wait()
		}
		if j.closed && j.empty() {
			return
		}
		batch := j.pending
		j.pending, j.bytes, j.due = Batch{}, 0, false
		if j.timer != nil {
			j.timer.Stop()
			j.timer = nil
		}
		j.changed.Broadcast()
		j.mu.Unlock()
		err := j.emit(batch)
		j.mu.Lock()
		if err != nil {
			j.err = err
			j.pending = Batch{}
			j.changed.Broadcast()
			return
		}
	}
}

// finish sends the rest, unless the Read was cancelled, and returns its error.
func (j *joiner) finish(err error) error {
	j.end(j.ctx.Err() != nil)
	<-j.ended
	if j.err != nil {
		return j.err
	}
	if err == nil {
		err = j.ctx.Err() // what was pending is lost: no clean end
	}
	return err
}

func (j *joiner) end(drop bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	j.closed = true
	if drop {
		j.pending = Batch{}
	}
	j.changed.Broadcast()
}

// checkBatch finds what no source may emit.
func checkBatch(b Batch) *Bug {
	if len(b.Cursor) > MaxCursorBytes {
		return &Bug{Reason: fmt.Sprintf("a cursor of %d bytes; at most %d are allowed", len(b.Cursor), MaxCursorBytes)}
	}
	for i := range b.Records {
		if b.Records[i].Key == "" {
			return &Bug{Reason: fmt.Sprintf("record %d of a batch of %d has an empty key", i, len(b.Records))}
		}
		if !validTime(b.Records[i].At) {
			return &Bug{Reason: fmt.Sprintf("the time of record %q is not within the years 1 to 9999", shorten(b.Records[i].Key, 100))}
		}
	}
	for _, scope := range b.Scopes {
		if path, _, ok := strings.Cut(scope, "="); !ok || path == "" || !utf8.ValidString(scope) {
			return &Bug{Reason: fmt.Sprintf("scope %q is not of the form path=value", shorten(scope, 100))}
		}
	}
	for _, interval := range b.Covered {
		if !validTime(interval.From) || !validTime(interval.Until) {
			return &Bug{Reason: "a covered range is not within the years 1 to 9999"}
		}
		if interval.Until.Before(interval.From) {
			return &Bug{Reason: fmt.Sprintf("a covered range ends before it begins: %s to %s",
				interval.From.Format(time.RFC3339), interval.Until.Format(time.RFC3339))}
		}
	}
	if !validTime(b.Progress.Finish) {
		return &Bug{Reason: "the estimated finish is not within the years 1 to 9999"}
	}
	return nil
}

func validTime(t time.Time) bool { return t.Unix() >= firstSecond && t.Unix() <= lastSecond }

// The years 1 to 9999, which are what JSON and databases can hold.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// maxKeyBytes bounds a key, and shownKeyBytes what a reject repeats of it.
const (
	maxKeyBytes   = 64 << 10
	shownKeyBytes = 1 << 10
)

// rejectOf reports whether a record cannot cross, and why.
func rejectOf(r Record) (Reject, bool) {
	var reason string
	switch {
	case len(r.Data) > MaxRecordBytes:
		reason = fmt.Sprintf("record of %.1f MiB, larger than %d MiB", float64(len(r.Data))/(1<<20), MaxRecordBytes>>20)
	case len(r.Key) > maxKeyBytes:
		reason = fmt.Sprintf("key of %d bytes, longer than %d", len(r.Key), maxKeyBytes)
	case !utf8.ValidString(r.Key):
		reason = "key is not valid UTF-8"
	default:
		return Reject{}, false
	}
	key := strings.ToValidUTF8(r.Key[:min(len(r.Key), shownKeyBytes)], "\uFFFD")
	return Reject{Key: key, Size: int64(len(r.Key) + len(r.Data)), Reason: reason}, true
}
