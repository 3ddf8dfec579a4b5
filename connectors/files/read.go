package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
)

// source is one configured instance.
type source struct {
	sets  []*fileSet
	clock clock
	log   *slog.Logger
}

// reading is one Read of a stream.
type reading struct {
	*source
	stream   string
	progress *progress
	since    time.Time // zero: everything the cursor has not seen
	out      *outbox
	problems []error
}

// Read reads the file sets of the stream in order of their names. A file that
// cannot be read stops neither its set nor the others: Read goes on and
// returns what was wrong at the end. A stream that no file block fills is none
// to read: an empty Read would say that there is nothing of its kind.
func (s *source) Read(ctx context.Context, stream string, cursor connectors.Cursor, emit func(connectors.Batch) error) error {
	if _, ok := shapeNamed(stream); !ok {
		return fmt.Errorf("there is no stream %q", stream)
	}
	if !s.fills(stream) {
		return &connectors.ErrForbidden{Stream: stream, Reason: "no file block fills it"}
	}
	since, isSince := connectors.Since(cursor)
	if isSince {
		cursor = nil
	}
	progress, err := decodeCursor(cursor)
	if err != nil {
		return err
	}
	r := &reading{source: s, stream: stream, progress: progress, since: since, out: newOutbox(emit, progress)}
	for _, set := range s.sets {
		if set.Stream != stream {
			continue
		}
		if err := r.readSet(ctx, set); err != nil {
			return err
		}
	}
	if err := r.out.flush(nil, nil); err != nil {
		return err
	}
	return r.verdict()
}

// fills reports whether a file block fills the stream.
func (s *source) fills(stream string) bool {
	return slices.ContainsFunc(s.sets, func(set *fileSet) bool { return set.Stream == stream })
}

func (r *reading) readSet(ctx context.Context, set *fileSet) error {
	found, notes, err := set.list()
	if err != nil {
		r.problems = append(r.problems, err)
		return nil
	}
	log := r.log.With("stream", r.stream, "file_set", set.name)
	for _, note := range notes {
		log.Warn("file skipped", "reason", note)
	}
	if len(found) == 0 {
		log.Warn("no file matches", "path", set.Path)
	}
	state := r.progress.set(set)
	jobs := set.plan(state, found)
	for _, job := range jobs {
		r.out.expect(job.size - job.state.Pos)
	}
	whole := true
	for _, job := range jobs {
		if err := ctx.Err(); err != nil {
			return err
		}
		file := &fileReading{reading: r, set: set, state: state, job: job, maker: newRowMaker(set), log: log.With("file", job.name)}
		done, err := file.read(ctx)
		var failed *fileError
		switch {
		case errors.As(err, &failed):
			r.problems = append(r.problems, failed.err)
		case err != nil:
			return err
		}
		whole = whole && done
	}
	return r.closeSet(set, state, whole, len(jobs) > 0)
}

// closeSet states what a set of which every file was read to its end has
// shown: of a snapshot just read, that what it omits is gone; and which time
// its events cover.
func (r *reading) closeSet(set *fileSet, state *setState, whole, read bool) error {
	if !whole || !r.since.IsZero() {
		return nil
	}
	var scopes []string
	if set.Snapshot && read {
		scopes = []string{"file_set=" + set.name}
	}
	var covered []connectors.Interval
	if seen := [2]int64{state.First, state.Last}; state.First != 0 && seen != state.Claimed {
		covered = []connectors.Interval{{From: time.UnixMicro(state.First).UTC(), Until: time.UnixMicro(state.Last + 1).UTC()}}
		state.Claimed = seen
	}
	if scopes == nil && covered == nil {
		return nil
	}
	return r.out.flush(scopes, covered)
}

// verdict turns what was wrong with single files into the error of the Read:
// the first, and how many more there are.
func (r *reading) verdict() error {
	if len(r.problems) == 0 {
		return nil
	}
	first := r.problems[0]
	if len(r.problems) == 1 {
		return first
	}
	var others []string
	for _, problem := range r.problems[1:min(len(r.problems), 4)] {
		others = append(others, problem.Error())
	}
	more := fmt.Sprintf("; and %d more: %s", len(r.problems)-1, strings.Join(others, "; "))
	var config *connectors.ErrConfig
	var transient *connectors.Transient
	var forbidden *connectors.ErrForbidden
	switch {
	case errors.As(first, &config):
		return &connectors.ErrConfig{Setting: config.Setting, Reason: config.Reason + more}
	case errors.As(first, &transient):
		return &connectors.Transient{After: transient.After, Err: errors.New(transient.Error() + more)}
	case errors.As(first, &forbidden):
		return &connectors.ErrForbidden{Stream: forbidden.Stream, Reason: forbidden.Reason + more}
	}
	return first
}

// fileError is what is wrong with one file; the others are read nevertheless.
type fileError struct{ err error }

func (e *fileError) Error() string { return e.err.Error() }

// fault says what an error of reading a file means to the host.
func (f *fileSet) fileFault(name string, err error) error {
	switch {
	case errors.Is(err, errMisfit):
		return &fileError{f.fault("", "%s", strings.TrimSpace(err.Error()))}
	case errors.Is(err, fs.ErrPermission):
		return &fileError{&connectors.ErrForbidden{Stream: f.Stream, Reason: name + " may not be read by this user"}}
	case errors.Is(err, errCut):
		return &fileError{&connectors.Transient{After: time.Minute, Err: fmt.Errorf("file set %s: %s: %w; it is read once it is whole (write exports under another name and rename them)", f.name, name, err)}}
	}
	var config *connectors.ErrConfig
	if errors.As(err, &config) {
		return &fileError{err}
	}
	return &fileError{&connectors.Transient{After: time.Minute, Err: fmt.Errorf("file set %s: read %s: %w", f.name, name, err)}}
}

// settled reports whether a file has been left alone for long enough to be
// believed complete. It waits for a file that was touched a moment ago.
func (r *reading) settled(ctx context.Context, set *fileSet, m match) (bool, error) {
	wait := min(set.settle-r.clock.now().Sub(m.mtime), set.settle)
	if wait > 0 {
		if err := r.clock.sleep(ctx, wait); err != nil {
			return false, err
		}
	}
	return unchanged(m), nil
}

// unchanged reports whether the file is as it was listed.
func unchanged(m match) bool {
	info, err := os.Stat(m.path)
	return err == nil && info.Size() == m.size && info.ModTime().Equal(m.mtime)
}
