package files

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// A cell is one value of a row before conversion: text of a CSV cell, or a
// JSON value.
type cell struct {
	text string       // CSV
	json gjson.Result // JSON lines and Parquet
	kind cellKind
}

type cellKind byte

const (
	absent cellKind = iota // no value: null, an empty CSV cell, a missing member
	isText
	isJSON
)

func jsonCell(r gjson.Result) cell {
	switch r.Type {
	case gjson.Null:
		return cell{}
	case gjson.String:
		return cell{text: r.Str, kind: isText}
	}
	return cell{json: r, kind: isJSON}
}

// words is the value as text: a number with the digits it was written with, a
// list or structure as JSON.
func (c cell) words() string {
	if c.kind == isJSON {
		return c.json.Raw
	}
	return c.text
}

// joined is a list as comma-joined text, other values as they are.
func (c cell) joined() string {
	if c.kind != isJSON || !c.json.IsArray() {
		return c.words()
	}
	var items []string
	c.json.ForEach(func(_, item gjson.Result) bool {
		if item.Type != gjson.Null {
			items = append(items, jsonCell(item).words())
		}
		return true
	})
	return strings.Join(items, ",")
}

// truth reads a boolean as files write it.
func (c cell) truth() (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(c.words())) {
	case "true", "t", "yes", "y", "1":
		return true, true
	case "false", "f", "no", "n", "0":
		return false, true
	}
	return false, false
}

func (f *fileSet) time(c cell) (time.Time, bool) {
	return f.layout.parse(c.words(), f.zone)
}

// appendValue writes the cell as the JSON type of its column. A value that
// does not fit is written as it came, as a number if it is one and as text
// otherwise: the row is kept, and the runner counts the value as rejected.
// at is the value of a time column.
func (f *fileSet) appendValue(b []byte, k kind, c cell) (out []byte, at time.Time) {
	switch k {
	case flag:
		if v, ok := c.truth(); ok {
			return strconv.AppendBool(b, v), at
		}
	case whole:
		words := strings.TrimSpace(c.words())
		if isNumber(words) {
			return append(b, withoutZeroFraction(words)...), at
		}
	case number:
		words := strings.TrimSpace(c.words())
		if isNumber(words) {
			return append(b, words...), at
		}
	case day:
		if t, ok := f.time(c); ok {
			if f.layout.unix != 0 {
				t = t.In(f.zone)
			}
			b = append(b, '"')
			b = t.AppendFormat(b, time.DateOnly)
			return append(b, '"'), t
		}
	case moment:
		if t, ok := f.time(c); ok {
			b = append(b, '"')
			b = t.AppendFormat(b, time.RFC3339Nano)
			return append(b, '"'), t
		}
	case list:
		return appendString(b, c.joined()), at
	}
	return appendString(b, c.words()), at
}

// isNumber reports whether s is a JSON number.
func isNumber(s string) bool {
	if s == "" || s[0] != '-' && (s[0] < '0' || s[0] > '9') {
		return false
	}
	return gjson.Valid(s)
}

// withoutZeroFraction makes "12.00" 12, as spreadsheets write whole numbers;
// any other fraction stays and is counted as a fault.
func withoutZeroFraction(s string) string {
	before, after, found := strings.Cut(s, ".")
	if found && strings.Trim(after, "0") == "" {
		return before
	}
	return s
}

const hexDigits = "0123456789abcdef"

// appendString writes s as a JSON string. Bytes that are no UTF-8 stay as
// they are, so that the host rejects the record with that reason.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		ch := s[i]
		if ch >= 0x20 && ch != '"' && ch != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		switch ch {
		case '"', '\\':
			b = append(b, '\\', ch)
		case '\n':
			b = append(b, '\\', 'n')
		case '\t':
			b = append(b, '\\', 't')
		case '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[ch>>4], hexDigits[ch&15])
		}
	}
	return append(append(b, s[start:]...), '"')
}

func isUTF8(s string) bool { return utf8.ValidString(s) }
