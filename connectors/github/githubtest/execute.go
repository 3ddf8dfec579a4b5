package githubtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// unresolved is a field that must not be null and is: GitHub then leaves out
// the whole object that has it.
type unresolved string

// An execution runs one query over the world and writes the answer's data.
type execution struct {
	world     *World
	variables map[string]any
	fragments ast.FragmentDefinitionList
	faults    []graphFault
	room      int                         // nodes that may still be given; then there are only nulls
	silent    bool                        // nulls come without an error
	odd       Fault                       // Repeated or Hollow pages
	hidden    func(*Object) (kind string) // "NOT_FOUND", "FORBIDDEN" or "" for what can be seen
}

type graphFault struct {
	Type    string `json:"type,omitempty"`
	Message string `json:"message"`
	Path    []any  `json:"path,omitempty"`
}

// A field is one member of the answer: all selections of one response name.
type field struct {
	name      string
	node      *ast.Field
	selection ast.SelectionSet
}

func (x *execution) fault(kind, message string, path []any) {
	x.faults = append(x.faults, graphFault{kind, message, append([]any(nil), path...)})
}

// root executes the operation itself.
func (x *execution) root(set ast.SelectionSet) []byte {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, f := range x.collect(set, "Query") {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "%q:", f.name)
		x.rootField(&out, f)
	}
	out.WriteByte('}')
	return out.Bytes()
}

func (x *execution) rootField(out *bytes.Buffer, f field) {
	path := []any{f.name}
	switch f.node.Name {
	case "rateLimit":
		out.WriteString(rateLimitMark)
	case "viewer":
		x.write(out, &Object{Type: "User", fields: map[string]any{"login": "rollcall"}}, f.selection, path)
	case "node":
		x.found(out, x.world.nodes[x.text(f, "id")], x.text(f, "id"), f, path)
	case "nodes":
		x.nodes(out, f, path)
	case "repository":
		name := x.text(f, "owner") + "/" + x.text(f, "name")
		x.found(out, x.world.repository(name), name, f, path)
	case "repositoryOwner", "organization":
		login := x.text(f, "login")
		owner := x.world.owners[lower(login)]
		if owner != nil && f.node.Name == "organization" && owner.Type != "Organization" {
			owner = nil
		}
		x.found(out, owner, login, f, path)
	default:
		x.fault("undefinedField", fmt.Sprintf("Field '%s' doesn't exist on type 'Query'", f.node.Name), path)
		out.WriteString("null")
	}
}

func (x *execution) nodes(out *bytes.Buffer, f field, path []any) {
	ids, _ := x.argument(f, "ids").([]any)
	out.WriteByte('[')
	for i, id := range ids {
		if i > 0 {
			out.WriteByte(',')
		}
		x.found(out, x.world.nodes[fmt.Sprint(id)], fmt.Sprint(id), f, append(path, i))
	}
	out.WriteByte(']')
}

// found writes an object that was asked for by name, or says it is not there.
func (x *execution) found(out *bytes.Buffer, o *Object, name string, f field, path []any) {
	if o == nil {
		x.fault("NOT_FOUND", fmt.Sprintf("Could not resolve to a node with the global id of '%s'.", name), path)
		out.WriteString("null")
		return
	}
	if kind := x.hidden(o); kind != "" {
		x.fault(kind, fmt.Sprintf("Could not resolve to '%s'.", name), path)
		out.WriteString("null")
		return
	}
	x.write(out, o, f.selection, path)
}

// write writes an object's selection, or null for one that has no room or a
// field that cannot be.
func (x *execution) write(out *bytes.Buffer, o *Object, set ast.SelectionSet, path []any) {
	start := out.Len()
	out.WriteByte('{')
	for i, f := range x.collect(set, o.Type) {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, "%q:", f.name)
		if !x.member(out, o, f, append(path, f.name)) {
			out.Truncate(start)
			out.WriteString("null")
			return
		}
	}
	out.WriteByte('}')
}

// member writes one field's value; false: the object cannot be given.
func (x *execution) member(out *bytes.Buffer, o *Object, f field, path []any) bool {
	if f.node.Name == "__typename" {
		fmt.Fprintf(out, "%q", o.Type)
		return true
	}
	if l, ok := o.lists[f.node.Name]; ok {
		return x.connection(out, l, f, path)
	}
	value, ok := o.fields[f.node.Name]
	if !ok {
		x.fault("undefinedField", fmt.Sprintf("Field '%s' doesn't exist on type '%s'", f.node.Name, o.Type), path)
		out.WriteString("null")
		return true
	}
	switch value := value.(type) {
	case unresolved:
		x.fault("NOT_FOUND", "Could not resolve to an "+string(value)+".", path)
		return false
	case *Object:
		x.write(out, value, f.selection, path)
	case counted:
		out.WriteString(strconv.Itoa(value()))
	default:
		b, err := json.Marshal(value)
		if err != nil {
			panic(err) // fields hold plain values only
		}
		out.Write(b)
	}
	return true
}

// collect gathers the fields that apply to a type, in order, each once.
func (x *execution) collect(set ast.SelectionSet, typ string) []field {
	var fields []field
	var add func(set ast.SelectionSet)
	add = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch s := selection.(type) {
			case *ast.Field:
				if x.included(s.Directives) {
					fields = merge(fields, field{s.Alias, s, s.SelectionSet})
				}
			case *ast.InlineFragment:
				if x.included(s.Directives) && applies(s.TypeCondition, typ) {
					add(s.SelectionSet)
				}
			case *ast.FragmentSpread:
				fragment := x.fragments.ForName(s.Name)
				if fragment != nil && x.included(s.Directives) && applies(fragment.TypeCondition, typ) {
					add(fragment.SelectionSet)
				}
			}
		}
	}
	add(set)
	return fields
}

func merge(fields []field, f field) []field {
	for i := range fields {
		if fields[i].name == f.name {
			fields[i].selection = append(fields[i].selection[:len(fields[i].selection):len(fields[i].selection)], f.selection...)
			return fields
		}
	}
	return append(fields, f)
}

func (x *execution) included(directives ast.DirectiveList) bool {
	for _, d := range directives {
		value, err := d.Arguments.ForName("if").Value.Value(x.variables)
		if is, ok := value.(bool); err != nil || !ok || is != (d.Name == "include") {
			return false
		}
	}
	return true
}

// applies reports whether a type condition holds for a type.
func applies(condition, typ string) bool {
	switch condition {
	case "", typ, "Node":
		return true
	case "Actor":
		return typ == "User" || typ == "Bot" || typ == "Organization" || typ == "Mannequin"
	case "RepositoryOwner":
		return typ == "User" || typ == "Organization"
	case "Reactable":
		return typ == "Discussion" || typ == "DiscussionComment" || typ == "Issue" || typ == "PullRequest" || typ == "IssueComment"
	case "DiscussionCommentConnection", "ReactionConnection":
		return typ == "Connection"
	}
	return false
}

func (x *execution) argument(f field, name string) any {
	argument := f.node.Arguments.ForName(name)
	if argument == nil {
		return nil
	}
	value, err := argument.Value.Value(x.variables)
	if err != nil {
		return nil
	}
	return value
}

func (x *execution) text(f field, name string) string {
	text, _ := x.argument(f, name).(string)
	return text
}
