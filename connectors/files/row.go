package files

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"rollcall/connectors"
)

// A row gives cells by the file's own column names.
type row interface {
	cell(column string) cell
}

// A rowMaker turns the rows of one file set into records.
type rowMaker struct {
	set     *fileSet
	columns []rowColumn
	prefix  string            // `{"file_set":"contacts"`, and what all rows share
	ownID   string            // `,"event_id":` when the key is the id; empty: a column is
	escapes *strings.Replacer // keeps the separator out of key parts
}

type rowColumn struct {
	column
	from   string // the file's column
	member string // `,"email":`
}

func newRowMaker(set *fileSet) *rowMaker {
	m := &rowMaker{set: set, escapes: strings.NewReplacer("%", "%25", ":", "%3A"), prefix: string(appendString([]byte(`{"file_set":`), set.name))}
	if set.Canonical {
		m.prefix += `,"canonical":true`
	}
	for _, c := range set.shape.columns {
		member := "," + string(appendString(nil, c.name)) + ":"
		if from := set.from(c); from != "" {
			m.columns = append(m.columns, rowColumn{c, from, member})
		}
		if text, ok := set.constants[c.name]; ok {
			value, _ := set.appendValue([]byte(member), c.kind, cell{text: text, kind: isText})
			m.prefix += string(value)
		}
	}
	if set.idFromKey() {
		m.ownID = "," + string(appendString(nil, set.shape.columns[0].name)) + ":"
	}
	return m
}

// made is a record and what reading it told.
type made struct {
	record  connectors.Record
	event   time.Time // when the thing described happened; zero: not said
	keyed   bool      // false: the key columns are empty, the record is keyed by its place
	oddTime bool      // the changed column holds no time
	oddFlag bool      // the deleted column holds neither a boolean nor a time
}

// record makes the record of a row that stands at place ("a.csv:17").
// Members are in the order of the shape and absent where the row has no value,
// so the same row always becomes the same bytes.
func (m *rowMaker) record(r row, place string, sizeHint int) made {
	out := made{}
	data := make([]byte, 0, sizeHint)
	data = append(data, m.prefix...)
	for _, c := range m.columns {
		value := r.cell(c.from)
		if value.kind == absent {
			continue
		}
		var at time.Time
		data, at = m.set.appendValue(append(data, c.member...), c.kind, value)
		if c.event {
			out.event = at
		}
	}
	if out.record.Key, out.keyed = m.key(r); !out.keyed {
		out.record.Key = m.set.placeKey(place)
	} else if m.ownID != "" {
		data = appendString(append(data, m.ownID...), out.record.Key)
	}
	out.record.Data = append(data, '}')
	if value := m.optional(r, m.set.Changed); value.kind != absent {
		at, ok := m.set.time(value)
		out.record.At, out.oddTime = at, !ok
	}
	if value := m.optional(r, m.set.Deleted); value.kind != absent {
		out.record.Deleted, out.oddFlag = m.gone(value)
	}
	return out
}

func (m *rowMaker) optional(r row, column string) cell {
	if column == "" {
		return cell{}
	}
	return r.cell(column)
}

// gone reads a deletion mark: a boolean, or the time of the deletion.
func (m *rowMaker) gone(c cell) (gone, odd bool) {
	if value, ok := c.truth(); ok {
		return value, false
	}
	_, ok := m.set.time(c)
	return ok, !ok
}

// maxKeyPart is the length beyond which a key is replaced by its hash.
const maxKeyPart = 512

// key joins the key columns so that different values never join to the same
// key. It is false when none of them has a value.
func (m *rowMaker) key(r row) (string, bool) {
	var b strings.Builder
	found := false
	for _, column := range m.set.Key {
		b.WriteByte(':')
		value := r.cell(column)
		if value.kind == absent {
			b.WriteString("%-")
			continue
		}
		found = true
		m.escapes.WriteString(&b, value.words())
	}
	key := b.String()
	switch {
	case !found:
		return "", false
	case m.set.secret != nil:
		mac := hmac.New(sha256.New, m.set.secret)
		mac.Write([]byte(key))
		key = ":" + hex.EncodeToString(mac.Sum(nil)[:16])
	case len(key) > maxKeyPart:
		sum := sha256.Sum256([]byte(key))
		key = ":%" + hex.EncodeToString(sum[:])
	case !isUTF8(key):
		return "", false
	}
	return m.set.name + key, true
}

// placeKey is the key of a row that has none of its own. "#" tells it from
// every other key of the set.
func (f *fileSet) placeKey(place string) string { return f.name + "#" + place }
