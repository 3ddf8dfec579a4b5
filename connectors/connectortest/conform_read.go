package connectortest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"golang.org/x/sync/errgroup"

	"rollcall/connectors"
)

// maxResumes is how many cursors of a stream are resumed from, evenly spread.
const maxResumes = 40

// read collects what a Read emits.
func (s *suite) read(ctx context.Context, source connectors.Source, stream string, cursor connectors.Cursor) ([]connectors.Batch, error) {
	var batches []connectors.Batch
	err := source.Read(ctx, stream, cursor, func(b connectors.Batch) error {
		batches = append(batches, b)
		return nil
	})
	return batches, err
}

// readWell is read of a source that is well.
func (s *suite) readWell(source connectors.Source, stream string, cursor connectors.Cursor) []connectors.Batch {
	batches, err := s.read(s.Context(), source, stream, cursor)
	if err != nil {
		s.Errorf("read %s from cursor %q: %v", stream, cursor, err)
	}
	return batches
}

// eachStream runs a check of every stream, all at once: most of their time is
// spent waiting.
func (s *suite) eachStream(check func(stream connectors.Stream)) {
	var group errgroup.Group
	for _, stream := range s.streams() {
		group.Go(func() error { check(stream); return nil })
	}
	_ = group.Wait() // faults are reported where they are found
}

// paged is an instance whose pages arrive one by one.
func (s *suite) paged() connectors.Source {
	if s.c.Server == nil {
		return s.open("", slowHost{})
	}
	return s.open(s.serve(s.c.Server()), slowHost{})
}

// records checks every record and batch of every stream.
func (s *suite) records() {
	source := s.paged()
	s.eachStream(func(stream connectors.Stream) {
		count := 0
		batches := s.readWell(source, stream.Name, nil)
		for _, batch := range batches {
			count += len(batch.Records)
			s.checkBatch(stream.Name, batch)
		}
		if count == 0 {
			s.Errorf("stream %s: the case's source holds no records to check", stream.Name)
		}
		s.checkScopes(stream.Name, batches)
	})
}

func (s *suite) checkBatch(stream string, batch connectors.Batch) {
	for _, record := range batch.Records {
		if fault := recordFault(record); fault != "" {
			s.Errorf("stream %s: record %q: %s", stream, record.Key, fault)
		}
	}
	for _, fault := range batchFaults(batch) {
		s.Errorf("stream %s: %s", stream, fault)
	}
}

func recordFault(r connectors.Record) string {
	switch {
	case r.Key == "":
		return "the key is empty"
	case !utf8.ValidString(r.Key):
		return "the key is not UTF-8"
	case r.Deleted && len(r.Data) == 0:
		return ""
	case !utf8.Valid(r.Data):
		return "the data is not UTF-8"
	case !gjson.ValidBytes(r.Data):
		return fmt.Sprintf("the data is not JSON: %.80q", r.Data)
	case !gjson.ParseBytes(r.Data).IsObject():
		return fmt.Sprintf("the data is not an object: %.80q", r.Data)
	}
	return ""
}

func batchFaults(b connectors.Batch) []string {
	var faults []string
	if len(b.Cursor) > connectors.MaxCursorBytes {
		faults = append(faults, fmt.Sprintf("a cursor of %d bytes is over %d", len(b.Cursor), connectors.MaxCursorBytes))
	}
	for _, covered := range b.Covered {
		if !covered.From.Before(covered.Until) {
			faults = append(faults, fmt.Sprintf("covers from %s until %s, which is no range", covered.From, covered.Until))
		}
	}
	for _, reject := range b.Rejects {
		faults = append(faults, fmt.Sprintf("record %q was rejected: %s", reject.Key, reject.Reason))
	}
	return faults
}

// checkScopes checks that a declared scope can be found in the records: its
// path is in every one.
func (s *suite) checkScopes(stream string, batches []connectors.Batch) {
	paths := map[string]bool{}
	for _, batch := range batches {
		for _, scope := range batch.Scopes {
			path, _, found := strings.Cut(scope, "=")
			if !found || path == "" {
				s.Errorf("stream %s: scope %q is not path=value", stream, scope)
				continue
			}
			paths[path] = true
		}
	}
	for path := range paths {
		for _, batch := range batches {
			for _, record := range batch.Records {
				if !record.Deleted && !gjson.GetBytes(record.Data, path).Exists() {
					s.Errorf("stream %s: scopes are by %s, which record %q does not have", stream, path, record.Key)
				}
			}
		}
	}
}

// resume checks that a Read from any cursor, on top of what was stored with
// it, comes to what one undisturbed Read comes to, and appends nothing else.
func (s *suite) resume() {
	source := s.paged()
	s.eachStream(func(stream connectors.Stream) {
		batches := s.readWell(source, stream.Name, nil)
		whole := newLake(stream)
		whole.store(batches)
		again := whole.clone()
		if again.store(s.readWell(source, stream.Name, nil)); again.appended != whole.appended {
			s.Errorf("stream %s: a second Read of an unchanged source appends %d records", stream.Name, again.appended-whole.appended)
		}
		for _, i := range resumePoints(batches) {
			resumed := newLake(stream)
			resumed.store(batches[:i+1])
			resumed.store(s.readWell(source, stream.Name, batches[i].Cursor))
			if fault := resumed.compare(whole); fault != "" {
				s.Errorf("stream %s: resumed from cursor %q (%d of %d): %s", stream.Name, batches[i].Cursor, i+1, len(batches), fault)
			}
		}
	})
}

// resumePoints are the batches that carry a cursor, at most maxResumes of
// them, always with the first and the last.
func resumePoints(batches []connectors.Batch) []int {
	var all []int
	for i, batch := range batches {
		if batch.Cursor != nil {
			all = append(all, i)
		}
	}
	if len(all) <= maxResumes {
		return all
	}
	var some []int
	for i := range maxResumes {
		some = append(some, all[i*(len(all)-1)/(maxResumes-1)])
	}
	return some
}

// since checks that the cursor of `sync --since` is accepted and leaves out
// nothing that changed at or after it.
func (s *suite) since() {
	source := s.healthy()
	for _, stream := range s.streams() {
		batches := s.readWell(source, stream.Name, nil)
		from := middle(batches)
		part, err := s.read(s.Context(), source, stream.Name, connectors.SinceCursor(from))
		if err != nil {
			s.Errorf("stream %s: read since %s: %v", stream.Name, from, err)
			continue
		}
		whole, got := newLake(stream), newLake(stream)
		whole.store(batches)
		got.store(part)
		for key, record := range whole.latest {
			if _, found := got.latest[key]; !found && !record.At.IsZero() && !record.At.Before(from) {
				s.Errorf("stream %s: read since %s leaves out %q, changed at %s", stream.Name, from, key, record.At)
			}
		}
		for key := range got.latest {
			if _, found := whole.latest[key]; !found {
				s.Errorf("stream %s: read since %s gives %q, which a whole Read does not", stream.Name, from, key)
			}
		}
	}
}

// middle is a time between the first and the last change among the records.
func middle(batches []connectors.Batch) time.Time {
	var first, last time.Time
	for _, batch := range batches {
		for _, record := range batch.Records {
			if record.At.IsZero() {
				continue
			}
			if first.IsZero() || record.At.Before(first) {
				first = record.At
			}
			if record.At.After(last) {
				last = record.At
			}
		}
	}
	if first.IsZero() {
		return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return first.Add(last.Sub(first) / 2)
}

// emitError checks that Read stops at the host's refusal and returns it, and
// that the child is as good as before.
func (s *suite) emitError() {
	host := &countingHost{}
	url := ""
	if s.c.Server != nil {
		url = s.serve(s.c.Server())
	}
	source := s.open(url, host)
	refusal := errors.New("the store refuses the batch")
	for _, stream := range s.streams() {
		var refused time.Time
		var before int64
		err := source.Read(s.Context(), stream.Name, nil, func(connectors.Batch) error {
			refused, before = time.Now(), host.permits.Load()
			return refusal
		})
		if !errors.Is(err, refusal) {
			s.Errorf("stream %s: emit's error came back as %v", stream.Name, err)
		}
		if took := time.Since(refused); took > endsWithin {
			s.Errorf("stream %s: Read went on for %s after emit refused a batch", stream.Name, took)
		}
		if asked := host.permits.Load() - before; asked > pagesAhead {
			s.Errorf("stream %s: Read asked for %d more pages after emit refused one", stream.Name, asked)
		}
		s.readWell(source, stream.Name, nil)
	}
}

// endsWithin is how soon a Read ends when told to: within a second, less what
// the host's own patience of a second would hide.
const endsWithin = 900 * time.Millisecond

// pagesAhead is how many more pages a connector may ask for before emit's
// error reaches it: one being fetched, one being joined, one being stored.
const pagesAhead = 3

// countingHost is a slow host that counts the permits it is asked for.
type countingHost struct {
	slowHost
	permits atomic.Int64
}

func (h *countingHost) Wait(ctx context.Context, bucket string, cost int) error {
	h.permits.Add(1)
	return h.slowHost.Wait(ctx, bucket, cost)
}
