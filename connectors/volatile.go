package connectors

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// A Volatile finds a stream's volatile members in its records, in one pass
// over each. It is not safe for concurrent use.
type Volatile struct {
	root volatileNode
	data []byte
	cuts [][2]int
}

// A volatileNode is a place in a record on the way to volatile members.
type volatileNode struct {
	whole   bool // everything here is volatile
	members map[string]*volatileNode
	each    *volatileNode // of an array ("#")
}

// NewVolatile takes the paths of Stream.Volatile: names joined by dots, "#"
// for every element of an array and a number for one, a backslash before a dot
// that belongs to a name.
func NewVolatile(paths []string) *Volatile {
	v := &Volatile{}
	for _, path := range paths {
		node := &v.root
		for _, name := range SplitPath(path) {
			node = node.child(name)
		}
		node.whole = true
	}
	return v
}

func (n *volatileNode) child(name string) *volatileNode {
	if name == "#" {
		if n.each == nil {
			n.each = &volatileNode{}
		}
		return n.each
	}
	if n.members == nil {
		n.members = map[string]*volatileNode{}
	}
	if n.members[name] == nil {
		n.members[name] = &volatileNode{}
	}
	return n.members[name]
}

// Cuts returns where the volatile members lie, in order, each with its name
// and one comma: without them a record is as one that never had them, which
// matters where two endpoints send the same object with more or fewer members.
// Of malformed JSON it returns what it found until then. The result is valid
// until the next call.
func (v *Volatile) Cuts(data []byte) [][2]int {
	v.data, v.cuts = data, v.cuts[:0]
	v.value(v.blank(0), &v.root)
	return v.cuts
}

// value passes over one value and returns where it ends, -1 if it does not.
func (v *Volatile) value(at int, node *volatileNode) int {
	switch {
	case at >= len(v.data):
		return -1
	case node != nil && v.data[at] == '{' && node.members != nil:
		return v.container(at, '}', node)
	case node != nil && v.data[at] == '[' && (node.members != nil || node.each != nil):
		return v.container(at, ']', node)
	}
	return v.skip(at)
}

// container passes over an object or an array and cuts what is volatile in it.
func (v *Volatile) container(at int, closing byte, node *volatileNode) int {
	end, kept := -1, false // end of the member before, and whether one is kept
	open := -1             // where a cut at the container's beginning starts
	at = v.blank(at + 1)
	for n := 0; at >= 0 && at < len(v.data) && v.data[at] != closing; n++ {
		start := at
		child := node.each
		if closing == '}' {
			child, at = v.name(at, node)
		} else if child == nil {
			child = node.members[strconv.Itoa(n)]
		}
		volatile := child != nil && child.whole
		if volatile {
			child = nil
		}
		if at < 0 {
			return -1
		}
		if at = v.value(at, child); at <= start {
			return -1
		}
		switch {
		case volatile && kept:
			v.cuts = append(v.cuts, [2]int{end, at})
		case volatile:
			open = start
		default:
			kept = true
		}
		end = at
		if at = v.blank(at); at < len(v.data) && v.data[at] == ',' {
			at = v.blank(at + 1)
		}
		if open >= 0 {
			v.cuts, open = append(v.cuts, [2]int{open, at}), -1
		}
	}
	if at < 0 || at >= len(v.data) {
		return -1
	}
	return at + 1
}

// name reads a member's name and returns its node and where its value begins.
func (v *Volatile) name(at int, node *volatileNode) (child *volatileNode, value int) {
	end := v.skip(at)
	if end < at+2 || v.data[at] != '"' {
		return nil, -1
	}
	if raw := v.data[at:end]; bytes.IndexByte(raw, '\\') >= 0 {
		child = node.members[gjson.ParseBytes(raw).Str]
	} else {
		child = node.members[string(raw[1:len(raw)-1])]
	}
	if at = v.blank(end); at >= len(v.data) || v.data[at] != ':' {
		return nil, -1
	}
	return child, v.blank(at + 1)
}

func (v *Volatile) blank(at int) int {
	for at < len(v.data) && (v.data[at] == ' ' || v.data[at] == '\n' || v.data[at] == '\t' || v.data[at] == '\r') {
		at++
	}
	return at
}

// skip passes over a value without a look inside.
func (v *Volatile) skip(at int) int {
	if v.data[at] == '"' {
		return v.text(at)
	}
	for depth := 0; at < len(v.data); {
		switch v.data[at] {
		case '"':
			if at = v.text(at); at < 0 {
				return -1
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return at // of a scalar, the last of its container
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return at
			}
		}
		at++
	}
	return -1
}

// text passes over a string.
func (v *Volatile) text(at int) int {
	for at++; ; {
		quote := bytes.IndexByte(v.data[at:], '"')
		if quote < 0 {
			return -1
		}
		at += quote
		escapes := 0
		for v.data[at-1-escapes] == '\\' {
			escapes++
		}
		if at++; escapes%2 == 0 {
			return at
		}
	}
}

// SplitPath takes a path into a record apart: names joined by dots, a backslash
// before what belongs to a name.
func SplitPath(path string) (names []string) {
	var name strings.Builder
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\' && i+1 < len(path):
			i++
			name.WriteByte(path[i])
		case c == '.':
			names = append(names, name.String())
			name.Reset()
		default:
			name.WriteByte(c)
		}
	}
	return append(names, name.String())
}
