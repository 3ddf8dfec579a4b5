package files

import (
	"bytes"
	"sort"
	"strings"

	"github.com/tidwall/gjson"
)

// jsonRows reads JSON objects as rows.
type jsonRows struct {
	wanted map[string]bool // columns that rows are asked for
	paths  []string        // those of wanted that may be paths
	cells  map[string]cell // of the current object
	seen   map[string]bool // wanted columns that some object had
	names  map[string]bool // members seen, for messages
}

// maxNames bounds the member names kept for messages.
const maxNames = 200

func newJSONRows(wanted []string) *jsonRows {
	j := &jsonRows{wanted: map[string]bool{}, cells: map[string]cell{}, seen: map[string]bool{}, names: map[string]bool{}}
	for _, column := range wanted {
		j.wanted[column] = true
		if strings.ContainsAny(column, ".#@|") {
			j.paths = append(j.paths, column)
		}
	}
	return j
}

// maxDepth bounds nesting, since checking JSON is recursive.
const maxDepth = 1000

// parse makes the object the current row, or says why it is none.
func (j *jsonRows) parse(raw []byte) (row, string) {
	if tooDeep(raw) {
		return nil, "it is nested too deeply"
	}
	if !gjson.ValidBytes(raw) {
		return nil, "it is no JSON"
	}
	object := gjson.ParseBytes(raw)
	clear(j.cells)
	if !object.IsObject() {
		return j, "it is no JSON object"
	}
	object.ForEach(func(name, value gjson.Result) bool {
		if j.wanted[name.Str] {
			j.cells[name.Str] = jsonCell(value)
			j.seen[name.Str] = true
		} else if len(j.names) < maxNames {
			j.names[strings.Clone(name.Str)] = true
		}
		return true
	})
	for _, path := range j.paths {
		if _, ok := j.cells[path]; ok {
			continue // a member of exactly that name
		}
		if value := object.Get(path); value.Exists() {
			j.cells[path] = jsonCell(value)
			j.seen[path] = true
		}
	}
	return j, ""
}

func (j *jsonRows) cell(column string) cell { return j.cells[column] }

// unseen are the wanted columns that no object had, explained.
func (j *jsonRows) unseen(file string) []string {
	var names, faults []string
	for name := range j.names {
		names = append(names, name)
	}
	for name := range j.seen {
		names = append(names, name)
	}
	sort.Strings(names)
	for column := range j.wanted {
		if !j.seen[column] {
			faults = append(faults, missing(file, column, names))
		}
	}
	sort.Strings(faults)
	return faults
}

// tooDeep reports whether the brackets of raw nest beyond maxDepth. Most
// lines do not hold enough of them to need the walk.
func tooDeep(raw []byte) bool {
	if bytes.Count(raw, []byte("["))+bytes.Count(raw, []byte("{")) <= maxDepth {
		return false
	}
	depth, inString := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// firstStep is the member a path starts at.
func firstStep(path string) string {
	if i := strings.IndexAny(path, ".#@|"); i > 0 {
		return path[:i]
	}
	return path
}
