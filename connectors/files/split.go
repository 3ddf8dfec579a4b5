package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"

	"rollcall/connectors"
)

// A chunk is the text of one record: a line, or several when a quoted cell
// holds line ends. raw is valid until the next chunk is read.
type chunk struct {
	raw   []byte
	line  int64  // number of its first line in the file
	fault string // why it is no record; empty: none known
	ended bool   // the file shows where it ends; false: the file's last, unfinished line
}

// A scan finds the first record in data: the length with its line end.
type scan func(data []byte, final bool) (n int, found found)

type found byte

const (
	unfinished found = iota // data ends inside the record
	record
	broken // data holds no record at its start; the first line is to blame
)

// A splitter cuts a text into records of bounded size. Its memory is a few
// records, or the longest record there is room for.
type splitter struct {
	r      io.Reader
	scan   scan
	limit  int // bytes of a record; longer ones are cut and marked
	buf    []byte
	eof    bool
	failed error
	pos    int64 // of buf[0] in the text
	line   int64 // of buf[0], from 1
	start  int   // of what is unread in buf
	hash   *xxhash.Digest
	mark   position
}

// position is a place in a file between two records.
type position struct {
	pos, line int64
	hash      uint64
}

// bufferBytes is how much of a text is read at once.
const bufferBytes = 256 << 10

// newSplitter splits r, which starts at a position. hash holds the hash of all
// before it. size is how long r is, or a guess.
func newSplitter(r io.Reader, at position, hash *xxhash.Digest, size int64, scan scan) *splitter {
	at.hash = hash.Sum64()
	return &splitter{r: r, scan: scan, limit: connectors.MaxRecordBytes, pos: at.pos, line: at.line + 1,
		hash: hash, mark: at, buf: make([]byte, 0, min(max(size, 512), bufferBytes))}
}

// position is behind the last chunk that was ended.
func (s *splitter) position() position { return s.mark }

// next returns the next chunk, or io.EOF. Blank lines are passed over.
func (s *splitter) next() (chunk, error) {
	for {
		c, err := s.take()
		switch {
		case err != nil || c.fault != "" || len(bytes.TrimSpace(c.raw)) > 0:
			return c, err
		case !c.ended:
			return chunk{}, io.EOF
		}
	}
}

func (s *splitter) take() (chunk, error) {
	for {
		data := s.buf[s.start:]
		n, what := s.scan(data, s.eof)
		switch {
		case what == record && n <= s.limit:
			return s.cut(n, ""), nil
		case what == broken:
			return s.firstLine("a quoted cell is followed by neither a delimiter nor a line end")
		case len(data) > s.limit && bytes.IndexByte(data[:s.limit], '\n') >= 0:
			return s.firstLine(fmt.Sprintf("a quoted cell does not end within %d bytes", s.limit))
		case len(data) > s.limit:
			return s.tooLong()
		case s.failed != nil:
			return chunk{}, s.failed
		case s.eof && len(data) == 0:
			return chunk{}, io.EOF
		case s.eof:
			return chunk{raw: data, line: s.line}, nil
		}
		s.fill()
	}
}

// giveUp ends an unfinished quoted cell at the end of a file that will not
// grow: its first line is no record, those behind it may be.
func (s *splitter) giveUp() (chunk, error) {
	return s.firstLine("a quoted cell does not end")
}

// firstLine takes the first line alone, so that what follows a stray quote is
// still read.
func (s *splitter) firstLine(fault string) (chunk, error) {
	for {
		data := s.buf[s.start:]
		i := bytes.IndexByte(data, '\n')
		switch {
		case i >= 0 && i <= s.limit:
			return s.cut(i+1, fault), nil
		case len(data) > s.limit:
			return s.tooLong()
		case s.failed != nil:
			return chunk{}, s.failed
		case s.eof:
			s.start = len(s.buf)
			return chunk{raw: data, line: s.line, fault: fault}, nil
		}
		s.fill()
	}
}

// cut consumes n bytes.
func (s *splitter) cut(n int, fault string) chunk {
	raw := s.buf[s.start : s.start+n]
	c := chunk{raw: raw, line: s.line, fault: fault, ended: true}
	s.consume(n)
	s.mark = position{s.pos + int64(s.start), s.line - 1, s.hash.Sum64()}
	c.raw = bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
	return c
}

func (s *splitter) consume(n int) {
	raw := s.buf[s.start : s.start+n]
	_, _ = s.hash.Write(raw) // a hash takes everything
	s.line += int64(bytes.Count(raw, []byte("\n")))
	s.start += n
}

// tooLong returns just over the limit of a line, and passes over its rest.
func (s *splitter) tooLong() (chunk, error) {
	c := chunk{raw: bytes.Clone(s.buf[s.start : s.start+s.limit+1]), line: s.line, fault: fmt.Sprintf("longer than %d bytes", s.limit)}
	for {
		data := s.buf[s.start:]
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			ended := s.cut(i+1, c.fault)
			c.ended = ended.ended
			return c, nil
		}
		s.consume(len(data))
		switch {
		case s.failed != nil:
			return chunk{}, s.failed
		case s.eof:
			return c, nil
		}
		s.fill()
	}
}

// last consumes the unfinished last line.
func (s *splitter) last() { s.start = len(s.buf) }

// fill reads more, making room first.
func (s *splitter) fill() {
	if s.start > 0 {
		s.pos += int64(s.start)
		s.buf = s.buf[:copy(s.buf, s.buf[s.start:])]
		s.start = 0
	}
	if len(s.buf) == cap(s.buf) {
		s.buf = append(make([]byte, 0, 2*cap(s.buf)), s.buf...)
	}
	for len(s.buf) < cap(s.buf) {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		if err == nil {
			continue
		}
		s.eof = true
		if !errors.Is(err, io.EOF) {
			s.failed = err
		}
		return
	}
}

// scanLine finds a line.
func scanLine(data []byte, _ bool) (int, found) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, record
	}
	return 0, unfinished
}
