package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

// freshness is how coarse file times may be: a file changed so shortly before
// it was read may change again without another time.
const freshness = 2 * time.Second

// fileReading reads one file.
type fileReading struct {
	*reading
	set   *fileSet
	state *setState
	job   job
	maker *rowMaker
	log   *slog.Logger
	style style
	table table
	tally tally
	hint  int   // bytes of a record, from the last one
	start int64 // position it was read from
	last  int64 // position the progress was counted to
}

// read emits the file's rows from the job's position on. It is true when the
// file was read to its end and every row of it could be named; a fault of the
// file itself is a *fileError.
func (f *fileReading) read(ctx context.Context) (whole bool, err error) {
	opened, err := os.Open(f.job.path)
	if errors.Is(err, fs.ErrNotExist) {
		f.log.Info("file was removed after it was listed")
		return false, nil
	}
	if err != nil {
		return false, f.set.fileFault(f.job.name, err)
	}
	defer opened.Close()
	if f.style, err = f.set.styleOf(f.job.name, opened); err != nil {
		return false, f.set.fileFault(f.job.name, err)
	}
	empty := f.job.size == 0 && f.style.plain()
	if f.set.Snapshot && f.style.plain() || empty {
		if ok, err := f.settled(ctx, f.set, f.job.match); err != nil || !ok {
			return false, f.later(err)
		}
	}
	end := endOfFile
	if !empty {
		if end, err = f.rows(ctx, opened); err != nil {
			return false, f.refuse(ctx, err)
		}
	}
	return f.finish(end), nil
}

// later says that a file is left for the next run.
func (f *fileReading) later(err error) error {
	if err == nil {
		f.log.Info("file is still being written: the next run reads it")
	}
	return err
}

// refuse tells a file that is still being written, which is no fault, from a
// broken one.
func (f *fileReading) refuse(ctx context.Context, err error) error {
	var stopped *stop
	if errors.As(err, &stopped) {
		return stopped.err
	}
	if errors.Is(err, errCut) || errors.Is(err, errNoHeader) {
		if ok, waitErr := f.settled(ctx, f.set, f.job.match); waitErr != nil || !ok {
			return f.later(waitErr)
		}
	}
	if errors.Is(err, errNoHeader) {
		f.log.Warn("file has no complete header")
		f.finish(endOfHeader)
		return nil
	}
	return f.set.fileFault(f.job.name, err)
}

// stop is an error that ends the whole Read: emit's, or the context's.
type stop struct{ err error }

func (s *stop) Error() string { return s.err.Error() }

// ending is how reading a file came to its end.
type ending int

const (
	endOfFile     ending = iota
	endOfHeader          // there is not even a header
	unfinishedEnd        // the last line is still being written
)

// rows emits the rows of the file.
func (f *fileReading) rows(ctx context.Context, opened *os.File) (ending, error) {
	at := position{pos: f.job.state.Pos, line: f.job.state.Line}
	f.start, f.last = at.pos, at.pos
	prefix := xxhash.New()
	var err error
	if f.style.plain() {
		if prefix, err = hashPrefix(opened, at.pos); err != nil {
			return 0, err
		}
	}
	if f.table, err = f.set.open(f.job.match, opened, f.style, at, prefix); err != nil {
		return 0, err
	}
	defer f.table.close()
	if err := f.begin(opened); err != nil {
		return 0, err
	}
	for {
		if f.tally.rows%256 == 0 && ctx.Err() != nil {
			return 0, &stop{ctx.Err()}
		}
		p, err := f.table.next()
		if errors.Is(err, io.EOF) {
			return endOfFile, nil
		}
		if err != nil {
			return 0, err
		}
		if !p.ended {
			if ok, err := f.believable(ctx, p); err != nil || !ok {
				return unfinishedEnd, err
			}
			if p, err = f.table.(*textTable).acceptTail(p); err != nil {
				return 0, err
			}
		}
		if err := f.emit(p); err != nil {
			return 0, &stop{err}
		}
	}
}

// begin notes in the cursor which file is being read. A packed file is known
// by the hash of all of it, taken beforehand.
func (f *fileReading) begin(opened *os.File) error {
	s := f.stamp()
	if f.style.plain() {
		return nil
	}
	sum, err := hashPrefix(opened, f.job.size)
	if err == nil {
		s.Hash = sum.Sum64()
	}
	return err
}

// stamp writes into the cursor how the file looked when it was listed.
func (f *fileReading) stamp() *fileState {
	s := f.job.state
	if !slices.Contains(f.state.Files, s) {
		f.state.Files = append(f.state.Files, s)
	}
	s.Size, s.MTime = f.job.size, f.job.mtime.UnixNano()
	s.Fresh = f.clock.now().Sub(f.job.mtime) < freshness
	return s
}

// believable decides about a last line without a line end. A JSON object is
// complete as it is, and so is a packed file that unpacked to its end; a CSV
// line may be half of one until the file has settled. The line stays behind
// the cursor, so that it is read again should it grow after all.
func (f *fileReading) believable(ctx context.Context, p parsed) (bool, error) {
	if f.style.packing != "" || f.style.format == "jsonl" && p.fault == "" {
		return true, nil
	}
	ok, err := f.settled(ctx, f.set, f.job.match)
	if err != nil {
		return false, &stop{err}
	}
	if !ok {
		f.log.Info("last line is still being written: the next run reads it", "line", p.line)
	}
	return ok, nil
}

// emit sends one row on: as a record, or its raw bytes for the host to reject.
func (f *fileReading) emit(p parsed) error {
	f.tally.rows++
	place := fmt.Sprintf("%s:%d", filepath.ToSlash(f.job.name), p.line)
	var record connectors.Record
	if p.row == nil {
		f.tally.malformed++
		f.note(place, p.fault)
		record = connectors.Record{Key: f.set.placeKey(place), Data: unreadable(p)}
	} else {
		m := f.maker.record(p.row, place, f.hint)
		f.count(place, p.fault, m)
		record, f.hint = m.record, len(m.record.Data)+64
		if !f.since.IsZero() && !record.At.IsZero() && record.At.Before(f.since) {
			return nil
		}
		if !m.event.IsZero() {
			f.state.saw(m.event, f.clock.now())
		}
	}
	f.advance()
	return f.out.add(record)
}

// unreadable is what a malformed row crosses as: its bytes, which the host
// rejects because they are no JSON. A fragment that happens to be JSON is
// marked.
func unreadable(p parsed) []byte {
	if len(p.raw) <= connectors.MaxRecordBytes && !tooDeep(p.raw) && gjson.ValidBytes(p.raw) {
		return append([]byte("malformed: "), p.raw...)
	}
	return bytes.Clone(p.raw)
}

// advance moves the cursor behind the last ended row. A snapshot has no
// cursor in the middle: it counts only when read in one go.
func (f *fileReading) advance() {
	at := f.table.position()
	if f.style.plain() {
		f.out.read += at.pos - f.last
		f.last = at.pos
	}
	if f.set.Snapshot {
		return
	}
	f.job.state.Pos, f.job.state.Line = at.pos, at.line
	if f.style.plain() {
		f.job.state.Hash = at.hash
	}
}

// finish records how far the file was read, says what was odd, and reports
// whether the file can stand for all it describes.
func (f *fileReading) finish(end ending) bool {
	s := f.stamp()
	if f.table != nil {
		at := f.table.position()
		s.Pos, s.Line = at.pos, at.line
		if f.style.plain() {
			s.Hash = at.hash
		}
	}
	if !f.style.plain() {
		f.out.read += f.job.size
	}
	growing := f.style.plain() && !f.set.Snapshot // what is appended meanwhile is the next run's
	s.Done = end != unfinishedEnd && (growing || unchanged(f.job.match))
	f.out.touched = true
	f.report()
	empty := end == endOfHeader || f.job.size == 0
	if f.set.Snapshot && (empty || f.tally.malformed+f.tally.keyless > 0) {
		f.log.Warn("listing proves nothing about what it omits: it is empty or holds rows that cannot be named; nothing is marked as gone")
		return false
	}
	return s.Done
}
