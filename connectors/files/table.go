package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// A table reads the rows of one file, whatever its style.
type table interface {
	// next returns the next row, or io.EOF. Errors of a file that ends too
	// early or is damaged wrap errCut.
	next() (parsed, error)
	// position is where a later read goes on, behind the last row that was ended.
	position() position
	close()
}

// parsed is one row, or what stands in its place.
type parsed struct {
	row   row    // nil: it is none
	raw   []byte // what the file holds
	line  int64
	fault string // why it is no row, or none with values
	ended bool
}

// errMisfit is a file that does not fit its settings; the rest of the message
// says which and what to do.
var errMisfit = errors.New("")

// wanted are the file's columns that the set reads.
func (f *fileSet) wanted() []string {
	var names []string
	add := func(name string) {
		for _, known := range names {
			if known == name {
				return
			}
		}
		if name != "" {
			names = append(names, name)
		}
	}
	for _, c := range f.shape.columns {
		add(f.from(c))
	}
	for _, name := range append([]string{f.Changed, f.Deleted}, f.Key...) {
		add(name)
	}
	return names
}

// needed are the wanted columns that a file must have. A canonical file may
// leave out columns of its shape that no row needs.
func (f *fileSet) needed() []string {
	if !f.Canonical {
		return f.wanted()
	}
	names := []string{f.Changed, f.Deleted}
	if f.ownKey {
		names = append(names, f.Key...)
	}
	for _, c := range f.shape.columns {
		if c.required || c.sifts {
			names = append(names, c.name)
		}
	}
	return names
}

// open starts reading a file at a position. prefix holds the hash of a plain
// file up to there.
func (f *fileSet) open(m match, file *os.File, style style, at position, prefix *xxhash.Digest) (table, error) {
	if style.format == "parquet" {
		rows, columns, err := openParquet(file, m.size, at.pos, f.wanted())
		if err != nil {
			return nil, err
		}
		if err := f.checkColumns(m.name, columns, true); err != nil {
			rows.close()
			return nil, err
		}
		return rows, nil
	}
	var head []string
	if style.format == "csv" {
		var err error
		if head, err = f.columnsOf(m, file, style); err != nil {
			return nil, err
		}
	}
	r, closeText, err := f.textFrom(file, m, style, at.pos)
	if err != nil {
		return nil, err
	}
	t := &textTable{name: m.name, closeText: closeText, skipHeader: at.pos == 0 && f.hasHeader()}
	scan := scanLine
	switch style.format {
	case "csv":
		csv := f.csvFor(style)
		scan, t.rows = csv.scan, newCSVRows(csv, head)
	default:
		t.json = newJSONRows(f.wanted())
		t.rows, t.skipHeader = t.json, false
	}
	t.splitter = newSplitter(r, at, prefix, m.size-at.pos, scan)
	t.first = at.pos == 0
	return t, nil
}

func (f *fileSet) hasHeader() bool { return len(f.Columns) == 0 }

func (f *fileSet) csvFor(s style) csvStyle {
	csv := f.csv
	if csv.delimiter == 0 {
		csv.delimiter = ','
		if s.ending == ".tsv" || s.ending == ".tab" {
			csv.delimiter = '\t'
		}
	}
	return csv
}

// textFrom is the file's text from byte pos on, up to the size it had when it
// was listed, so that what is appended meanwhile waits for the next run.
func (f *fileSet) textFrom(file *os.File, m match, s style, pos int64) (io.Reader, func(), error) {
	if s.plain() {
		return io.NewSectionReader(file, pos, m.size-pos), func() {}, nil
	}
	r, closeText, err := unpack(io.NewSectionReader(file, 0, m.size), s.packing)
	if err != nil {
		return nil, nil, err
	}
	if _, err := io.CopyN(io.Discard, r, pos); err != nil {
		closeText()
		return nil, nil, fmt.Errorf("%w: %v", errCut, err)
	}
	return r, closeText, nil
}

// errNoHeader is a CSV file that does not hold its whole header yet.
var errNoHeader = errors.New("the header is not complete")

// columnsOf are the columns of a CSV file. The header is read apart, also
// when the rows are read from further on.
func (f *fileSet) columnsOf(m match, file *os.File, s style) ([]string, error) {
	if !f.hasHeader() {
		return f.Columns, f.checkColumns(m.name, f.Columns, false)
	}
	r, closeText, err := f.textFrom(file, m, s, 0)
	if err != nil {
		return nil, err
	}
	defer closeText()
	csv := f.csvFor(s)
	header, err := newSplitter(r, position{}, xxhash.New(), 4096, csv.scan).next()
	if errors.Is(err, io.EOF) {
		return nil, errNoHeader
	}
	if err != nil {
		return nil, err
	}
	columns, err := csv.header(bytes.TrimPrefix(header.raw, []byte(byteOrderMark)))
	if err != nil {
		return nil, misfit("%s %v", m.name, err)
	}
	if !header.ended && s.plain() {
		return nil, errNoHeader
	}
	return columns, f.checkColumns(m.name, columns, false)
}

// misfit is an errMisfit that says what is wrong.
func misfit(format string, args ...any) error {
	return fmt.Errorf(format+"%w", append(args, errMisfit)...)
}

// checkColumns reports the columns a file lacks. paths: a column may also be
// a path below one of the file's.
func (f *fileSet) checkColumns(file string, columns []string, paths bool) error {
	for _, name := range f.needed() {
		fault := missing(file, name, columns)
		if fault != "" && paths && missing(file, firstStep(name), columns) == "" {
			continue
		}
		if fault != "" {
			return misfit("%s", fault)
		}
	}
	return nil
}

const byteOrderMark = "\xef\xbb\xbf"

// textTable reads CSV or JSON lines.
type textTable struct {
	name       string
	splitter   *splitter
	rows       interface{ parse([]byte) (row, string) }
	json       *jsonRows // rows, when they are JSON
	closeText  func()
	skipHeader bool
	first      bool // nothing has been read
	notUTF8    int64
}

func (t *textTable) position() position { return t.splitter.position() }
func (t *textTable) close()             { t.closeText() }

func (t *textTable) next() (parsed, error) {
	c, err := t.splitter.next()
	if err == nil && t.skipHeader {
		t.skipHeader, t.first = false, false
		if !c.ended { // there is nothing but the header
			return parsed{}, io.EOF
		}
		c, err = t.splitter.next()
	}
	if err != nil {
		return parsed{}, err
	}
	if t.first {
		t.first = false
		c.raw = bytes.TrimPrefix(c.raw, []byte(byteOrderMark))
		if t.json != nil && bytes.HasPrefix(bytes.TrimSpace(c.raw), []byte("[")) {
			return parsed{}, misfit("%s begins with \"[\": it is a JSON array, not JSON lines; convert it with jq -c '.[]'", t.name)
		}
	}
	p := parsed{raw: c.raw, line: c.line, fault: c.fault, ended: c.ended}
	if c.fault == "" {
		p.row, p.fault = t.rows.parse(bytes.TrimSuffix(c.raw, []byte("\r")))
	}
	if !utf8.Valid(c.raw) {
		t.notUTF8++
	}
	return p, nil
}

// acceptTail takes the unfinished last line, which next has returned, as it
// is. When a quote in it does not close, its first line alone is given up and
// the lines behind it follow.
func (t *textTable) acceptTail(p parsed) (parsed, error) {
	if p.row != nil || !bytes.Contains(p.raw, []byte("\n")) {
		t.splitter.last()
		return p, nil
	}
	c, err := t.splitter.giveUp()
	return parsed{raw: c.raw, line: c.line, fault: c.fault, ended: c.ended}, err
}
