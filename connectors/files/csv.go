package files

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A csvStyle is how a CSV file is written.
type csvStyle struct {
	delimiter byte // 0: by the file's ending
	quote     byte // 0: cells are never quoted
	trim      bool
	null      []string
}

// scan finds the end of a CSV record. Quotes count only at the start of a
// cell; a quote inside one is text.
func (c csvStyle) scan(data []byte, final bool) (int, found) {
	line := bytes.IndexByte(data, '\n')
	if line >= 0 && (c.quote == 0 || bytes.IndexByte(data[:line], c.quote) < 0) {
		return line + 1, record
	}
	if c.quote == 0 {
		return 0, unfinished
	}
	for p := 0; p < len(data); {
		if p = c.skipSpace(data, p); p == len(data) {
			return 0, unfinished
		}
		if data[p] == c.quote {
			end, what := c.closing(data, p+1, final)
			if what != record {
				return 0, what
			}
			p = end
		} else {
			next := bytes.IndexAny(data[p:], string([]byte{c.delimiter, '\n'}))
			if next < 0 {
				return 0, unfinished
			}
			p += next
		}
		if p == len(data) {
			return 0, unfinished
		}
		if data[p] == '\n' {
			return p + 1, record
		}
		p++ // the delimiter
	}
	return 0, unfinished
}

// closing returns the place behind a quoted cell that starts at p: of its
// delimiter or line end.
func (c csvStyle) closing(data []byte, p int, final bool) (int, found) {
	for {
		i := bytes.IndexByte(data[p:], c.quote)
		if i < 0 || p+i+1 == len(data) && !final {
			return 0, unfinished
		}
		p += i + 1
		if p < len(data) && data[p] == c.quote {
			p++
			continue
		}
		break
	}
	p = c.skipSpace(data, p)
	switch {
	case p == len(data):
		return p, record
	case data[p] == c.delimiter || data[p] == '\n':
		return p, record
	case data[p] == '\r' && p+1 < len(data) && data[p+1] == '\n':
		return p + 1, record
	case data[p] == '\r' && p+1 == len(data):
		return 0, unfinished
	}
	return 0, broken
}

func (c csvStyle) skipSpace(data []byte, p int) int {
	for c.trim && p < len(data) && data[p] == ' ' && c.delimiter != ' ' {
		p++
	}
	return p
}

// cells splits a record that scan found. ok is false when a quoted cell does
// not close, which only an unfinished last line can bring.
func (c csvStyle) cells(raw string, dst []cell) (cells []cell, ok bool) {
	for {
		p := 0
		if c.trim {
			p = len(raw) - len(strings.TrimLeft(raw, " "))
		}
		var text string
		var rest int
		if c.quote != 0 && p < len(raw) && raw[p] == c.quote {
			if text, rest, ok = c.quoted(raw, p+1); !ok {
				return dst, false
			}
		} else {
			rest = strings.IndexByte(raw, c.delimiter)
			if rest < 0 {
				rest = len(raw)
			}
			if text = raw[:rest]; c.trim {
				text = strings.TrimSpace(text)
			}
		}
		dst = append(dst, c.cell(text))
		if rest >= len(raw) {
			return dst, true
		}
		raw = raw[rest+1:]
	}
}

// quoted reads a quoted cell whose text starts at p, and returns the place of
// the delimiter behind it.
func (c csvStyle) quoted(raw string, p int) (text string, rest int, ok bool) {
	start, doubled := p, false
	for {
		i := strings.IndexByte(raw[p:], c.quote)
		if i < 0 {
			return "", 0, false
		}
		p += i + 1
		if p == len(raw) || raw[p] != c.quote {
			break
		}
		doubled = true
		p++
	}
	text = raw[start : p-1]
	if doubled {
		quote := string(c.quote)
		text = strings.ReplaceAll(text, quote+quote, quote)
	}
	for c.trim && p < len(raw) && raw[p] == ' ' {
		p++
	}
	return text, p, p == len(raw) || raw[p] == c.delimiter
}

func (c csvStyle) cell(text string) cell {
	if text == "" || slices.Contains(c.null, text) {
		return cell{}
	}
	return cell{text: text, kind: isText}
}

// csvRows reads the records of a CSV file as rows.
type csvRows struct {
	style   csvStyle
	columns []string
	index   map[string]int
	cells   []cell
}

// newCSVRows names the columns.
func newCSVRows(style csvStyle, columns []string) *csvRows {
	c := &csvRows{style: style, columns: columns, index: make(map[string]int, len(columns))}
	for i, name := range columns {
		c.index[name] = i
	}
	return c
}

// header reads the column names of a header line.
func (c csvStyle) header(raw []byte) ([]string, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return nil, fmt.Errorf("is UTF-16: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)")
	case !utf8.Valid(raw):
		return nil, fmt.Errorf("is not UTF-8: its header holds the byte 0x%02X; convert it (iconv -f WINDOWS-1252 -t UTF-8)", badByte(raw))
	}
	style := c
	style.null = nil
	cells, ok := style.cells(string(raw), nil)
	if !ok {
		return nil, fmt.Errorf("has a header with a quoted name that does not close")
	}
	names := make([]string, len(cells))
	for i, cell := range cells {
		names[i] = strings.TrimSpace(cell.text)
	}
	return names, nil
}

// badByte is the first byte that is no UTF-8.
func badByte(raw []byte) byte {
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && n == 1 {
			return raw[i]
		}
		i += n
	}
	return 0
}

// parse makes the record the current row, or says why it is none. A record
// with more or fewer cells than columns is none: a shifted cell would be a
// wrong value without anybody knowing. Empty cells behind the last column do
// no harm.
func (c *csvRows) parse(raw []byte) (row, string) {
	cells, ok := c.style.cells(string(raw), c.cells[:0])
	c.cells = cells
	if !ok {
		return nil, "a quoted cell does not end"
	}
	n := len(cells)
	for n > len(c.columns) && cells[n-1].kind == absent {
		n--
	}
	if n != len(c.columns) {
		return nil, fmt.Sprintf("%d cells where the header has %d", n, len(c.columns))
	}
	return c, ""
}

func (c *csvRows) cell(column string) cell {
	if i, ok := c.index[column]; ok {
		return c.cells[i]
	}
	return cell{}
}

// missing explains a column that the file lacks, or that it names twice.
func missing(file, column string, columns []string) string {
	if column == "" {
		return ""
	}
	count := 0
	for _, name := range columns {
		if name == column {
			count++
		}
	}
	switch {
	case count == 1:
		return ""
	case count > 1:
		return fmt.Sprintf("%s has %d columns named %q", file, count, column)
	}
	more := ""
	if len(columns) == 1 {
		if i := strings.IndexAny(columns[0], ";\t|,"); i >= 0 {
			more = fmt.Sprintf("; cells seem to be separated by %q: set delimiter", columns[0][i])
		}
	}
	return fmt.Sprintf("%s has no column %q%s; it has %s%s", file, column, hint(column, columns), shorten(columns), more)
}

func shorten(columns []string) string {
	const most = 40
	if len(columns) > most {
		return strings.Join(columns[:most], ", ") + fmt.Sprintf(" and %d more", len(columns)-most)
	}
	return strings.Join(columns, ", ")
}
