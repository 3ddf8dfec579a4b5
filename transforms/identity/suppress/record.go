package suppress

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
)

// CutJSON masks every erased address in the strings and names of a valid JSON
// text. What it returns is valid JSON; all other bytes stay as they are.
func (l *List) CutJSON(data []byte) (cut []byte, found bool) {
	if l == nil || l.counts[Mailbox] == 0 || !mayHoldJSON(data) {
		return data, false
	}
	var out []byte
	done := 0
	for at := bytes.IndexByte(data, '"'); at >= 0 && at < len(data); {
		end := stringEnd(data, at)
		if masked, erased := l.cutString(data[at:end]); erased {
			out = append(append(out, data[done:at]...), masked...)
			done, found = end, true
		}
		next := bytes.IndexByte(data[end:], '"')
		if next < 0 {
			break
		}
		at = end + next
	}
	if !found {
		return data, false
	}
	return append(out, data[done:]...), true
}

// mayHoldJSON is MayHold of a JSON text, in which any letter may be escaped.
func mayHoldJSON(data []byte) bool {
	text := unsafe.String(unsafe.SliceData(data), len(data)) // lent, not kept
	return MayHold(text) || strings.Contains(text, `\u00`)
}

// stringEnd is the place behind a JSON string that begins at.
func stringEnd(data []byte, at int) int {
	for at++; at < len(data); at++ {
		switch data[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(data)
}

func (l *List) cutString(quoted []byte) (masked []byte, erased bool) {
	if !mayHoldJSON(quoted) {
		return quoted, false
	}
	text := string(quoted[1 : len(quoted)-1])
	if bytes.IndexByte(quoted, '\\') >= 0 {
		if err := json.Unmarshal(quoted, &text); err != nil {
			return nil, false
		}
	}
	masked = quoted
	if nested := []byte(text); looksNested(nested) { // JSON in a string, as webhooks carry it
		if cut, found := l.CutJSON(nested); found {
			return quote(string(cut)), true
		}
	}
	cut, found := l.CutText(text)
	if !found {
		return masked, false
	}
	return quote(cut), true
}

func looksNested(text []byte) bool {
	return len(text) > 1 && (text[0] == '{' || text[0] == '[') && gjson.ValidBytes(text)
}

func quote(text string) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string in memory
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// CutPaths empties the values at gjson paths of a JSON text: strings become
// empty, all else null.
func CutPaths(data []byte, paths []string) []byte {
	type span struct {
		from, until int
		is          string
	}
	var spans []span
	add := func(value gjson.Result, from int) {
		is := "null"
		if value.Type == gjson.String {
			is = `""`
		}
		if value.Raw != "" && from > 0 && value.Type != gjson.Null {
			spans = append(spans, span{from, from + len(value.Raw), is})
		}
	}
	for _, path := range paths {
		value := gjson.GetBytes(data, path)
		if len(value.Indexes) == 0 {
			add(value, value.Index)
			continue
		}
		for i, one := range value.Array() {
			if i < len(value.Indexes) {
				add(one, value.Indexes[i])
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	var out []byte
	done := 0
	for _, s := range spans {
		if s.from < done {
			continue // inside one that was emptied
		}
		out = append(append(out, data[done:s.from]...), s.is...)
		done = s.until
	}
	return append(out, data[done:]...)
}

// A Stream says what the list must know of a stream.
type Stream struct {
	Personal []string // gjson paths that hold personal data
	Logins   []string // gjson paths at which its records name logins, or [RecordKey]
	IsPeople bool     // its records are about logins and nothing else
	IsGone   bool     // its connector is configured no more: nobody knows what in it is personal

	// IDOf is the identity id that stands for one which holds an address.
	IDOf func(id string) string
}

// RecordKey stands among the paths of a stream's logins for the record's key.
const RecordKey = ""

// Keep decides what of a record may be stored: nothing, if it is about somebody
// erased or its key holds an erased address; what somebody erased made, without
// what is personal; and nowhere an erased address. record is
// type:instance:stream:key. The data are valid JSON or empty.
func (l *List) Keep(record, key string, data []byte, stream Stream) (kept []byte, isKept bool) {
	if l == nil {
		return data, true
	}
	named := l.namedIn(record, key, data, stream)
	switch {
	case l.Has(Record, record), l.Holds(key), stream.IsPeople && (named == onlyErased || l.isAbout(data, stream.Personal)):
		return nil, false
	}
	kept = data
	isTheirs := named != noneErased && !stream.IsPeople || l.Has(Content, record)
	switch {
	case isTheirs && len(data) > 0 && stream.IsGone:
		kept = []byte("{}")
	case isTheirs && len(data) > 0:
		kept = CutPaths(kept, stream.Personal)
	}
	kept, _ = l.CutJSON(kept)
	return kept, true
}

// A naming says whom of the erased a record names.
type naming int

const (
	noneErased naming = iota
	someErased
	onlyErased // and no other login
)

// namedIn looks at the logins that a record names, which is how what an erased
// login makes later is known.
func (l *List) namedIn(record, key string, data []byte, stream Stream) naming {
	if l.counts[Login] == 0 {
		return noneErased
	}
	erased, others := false, false
	note := func(id string) {
		if id == "" {
			return
		}
		if l.isErased(record, id, stream) {
			erased = true
		} else {
			others = true
		}
	}
	for _, path := range stream.Logins {
		if path == RecordKey { // or a part of it, so that it may be no login at all
			erased = erased || l.isErased(record, key, stream)
			continue
		}
		value := gjson.GetBytes(data, path)
		if value.Type == gjson.String || value.Type == gjson.Number {
			note(value.String())
		}
		for _, one := range inList(value) {
			note(one.String())
		}
	}
	switch {
	case erased && others:
		return someErased
	case erased:
		return onlyErased
	}
	return noneErased
}

// inList are the values of a list; none of anything else.
func inList(value gjson.Result) []gjson.Result {
	if !value.IsArray() {
		return nil
	}
	return value.Array()
}

// isErased reports whether a user's id at the record's source, or an identity id
// in full, is an erased login's.
func (l *List) isErased(record, id string, stream Stream) bool {
	instance := instanceOf(record)
	if l.hasLogin(stream.full(instance+id)) || strings.Count(id, ":") >= 2 && l.hasLogin(id) {
		return true
	}
	return slices.ContainsFunc(l.former[instance], func(before string) bool { return l.hasLogin(stream.full(before + id)) })
}

// full is an identity id as staging gives it.
func (s Stream) full(id string) string {
	if s.IDOf == nil {
		return id
	}
	return s.IDOf(id)
}

// isAbout reports whether a personal value of the record, or one of a list of
// them, is the whole address of somebody erased.
func (l *List) isAbout(data []byte, paths []string) bool {
	if l.counts[Person] == 0 || !mayHoldJSON(data) {
		return false
	}
	for _, path := range paths {
		value := gjson.GetBytes(data, path)
		if value.IsArray() {
			if slices.ContainsFunc(value.Array(), func(one gjson.Result) bool { return l.IsPerson(one.String()) }) {
				return true
			}
			continue
		}
		if value.Type == gjson.String && l.IsPerson(value.Str) {
			return true
		}
	}
	return false
}
