package sync

import (
	"strings"

	"github.com/tidwall/gjson"
)

// fields are the members, one level deep, and JSON types seen in a stream. It
// looks at a sample of what is stored, since walking every record would cost
// more than storing it: the first 256 of a run, then one in sixteen.
type fields struct {
	known    map[string]*field
	baseline bool // nothing was known when the run started: nothing is a change
	looked   int
	offered  int
	found    []foundField
}

type field struct {
	types  uint8
	nested map[string]*field
}

// A foundField is a field or type not seen before.
type foundField struct {
	path, jsonType, sampleKey string
	change                    string // new_field, new_type, or empty for no change
}

// maxNested is where an object is taken for a map whose keys are data.
const maxNested = 64

const (
	alwaysLook = 256
	lookEvery  = 16
)

var jsonTypes = [...]string{"null", "boolean", "number", "string", "array", "object"}

const nullType = 1 // bit of "null"

func newFields() *fields { return &fields{known: map[string]*field{}, baseline: true} }

// learn takes over what earlier runs stored.
func (f *fields) learn(path []string, jsonType string) {
	f.baseline = false
	level, at := f.known, (*field)(nil)
	for _, name := range path {
		if at != nil {
			if at.nested == nil {
				at.nested = map[string]*field{}
			}
			level = at.nested
		}
		if level[name] == nil {
			level[name] = &field{}
		}
		at = level[name]
	}
	for i, name := range jsonTypes {
		if name == jsonType && at != nil {
			at.types |= 1 << i
		}
	}
}

// offer lets it look at a record about to be stored.
func (f *fields) offer(key string, data []byte) {
	f.offered++
	if f.looked >= alwaysLook && f.offered%lookEvery != 0 {
		return
	}
	f.looked++
	gjson.Parse(text(data)).ForEach(func(name, value gjson.Result) bool {
		if name.Type != gjson.String {
			return false // not an object
		}
		known := f.see(f.known, key, value, name.Str)
		if value.IsObject() {
			if known.nested == nil {
				known.nested = map[string]*field{}
			}
			value.ForEach(func(inner, value gjson.Result) bool {
				if len(known.nested) < maxNested || known.nested[inner.Str] != nil {
					f.see(known.nested, key, value, name.Str, inner.Str)
				}
				return true
			})
		}
		return true
	})
}

// see notes a member by its path, whose last name stands in level.
func (f *fields) see(level map[string]*field, key string, value gjson.Result, path ...string) *field {
	name := path[len(path)-1]
	known := level[name]
	bit := typeBit(value)
	if known != nil && known.types&bit != 0 {
		return known
	}
	change := ""
	switch {
	case known == nil:
		change = "new_field"
		known = &field{}
		level[strings.Clone(name)] = known // name lies in the batch's memory
	case bit != nullType && known.types&^nullType != 0:
		change = "new_type"
	}
	known.types |= bit
	if f.baseline {
		change = ""
	}
	f.found = append(f.found, foundField{path: pathOf(path...), jsonType: typeName(bit), sampleKey: strings.Clone(key), change: change})
	return known
}

// pathOf writes a member as a gjson path; a dot within a name is escaped.
func pathOf(names ...string) string {
	escaped := make([]string, len(names))
	for i, name := range names {
		escaped[i] = strings.ReplaceAll(strings.ReplaceAll(name, `\`, `\\`), ".", `\.`)
	}
	return strings.Clone(strings.Join(escaped, ".")) // the names lie in the batch's memory
}

func typeBit(value gjson.Result) uint8 {
	switch {
	case value.Type == gjson.Null:
		return nullType
	case value.Type == gjson.True || value.Type == gjson.False:
		return 1 << 1
	case value.Type == gjson.Number:
		return 1 << 2
	case value.Type == gjson.String:
		return 1 << 3
	case value.IsArray():
		return 1 << 4
	}
	return 1 << 5
}

func typeName(bit uint8) string {
	for i, name := range jsonTypes {
		if bit == 1<<i {
			return name
		}
	}
	return "unknown"
}
