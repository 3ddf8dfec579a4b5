package transforms

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// A field is one node of a stream's declared structure: a leaf with a type, an
// object with members, or a list of one element.
type field struct {
	Type     string  // of a leaf, without the mark
	Required bool    // a record without it is left out of staging
	Members  []named // of an object, in declared order
	Element  *field  // of a list
}

type named struct {
	Name string
	*field
}

// parseFields reads a from_json structure in which "!" marks required leaves.
func parseFields(text string) (*field, error) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	f, err := parseField(decoder)
	if err != nil {
		return nil, err
	}
	if f.Members == nil {
		return nil, fmt.Errorf("fields are a JSON object of names and types")
	}
	return f, nil
}

func parseField(decoder *json.Decoder) (*field, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case string:
		leaf, required := strings.CutSuffix(t, "!")
		return &field{Type: leaf, Required: required}, nil
	case json.Delim:
		if t == '[' {
			return parseList(decoder)
		}
		return parseObject(decoder)
	}
	return nil, fmt.Errorf("a field is a type name, an object or a list of one, found %v", token)
}

func parseList(decoder *json.Decoder) (*field, error) {
	element, err := parseField(decoder)
	if err != nil {
		return nil, err
	}
	if end, err := decoder.Token(); err != nil || end != json.Delim(']') {
		return nil, fmt.Errorf("a list has one element type")
	}
	return &field{Element: element}, nil
}

func parseObject(decoder *json.Decoder) (*field, error) {
	f := &field{Members: []named{}}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		member, err := parseField(decoder)
		if err != nil {
			return nil, err
		}
		f.Members = append(f.Members, named{fmt.Sprint(name), member})
	}
	_, err := decoder.Token()
	return f, err
}

// structure is the from_json structure without marks.
func (f *field) structure() string {
	switch {
	case f.Element != nil:
		return "[" + f.Element.structure() + "]"
	case f.Members != nil:
		var members []string
		for _, m := range f.Members {
			members = append(members, quoteJSON(m.Name)+":"+m.structure())
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	return quoteJSON(f.Type)
}

// shallow is the structure with every top-level member as JSON: what the
// record says before a type is asked of it.
func (f *field) shallow() string {
	var members []string
	for _, m := range f.Members {
		members = append(members, quoteJSON(m.Name)+`:"JSON"`)
	}
	return "{" + strings.Join(members, ",") + "}"
}

func quoteJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic("marshal a string: " + err.Error())
	}
	return string(text)
}

// A probe finds faults in the values of one leaf: an expression over the typed
// structure t and the shallow one k that counts values which are present but
// NULL or changed, and one that gives the JSON type found.
type probe struct {
	Path     string // "user.id", "tags[]"
	Faults   string
	JSONType string
}

// probes lists one per leaf, depth first.
func (f *field) probes() []probe {
	var found []probe
	for _, m := range f.Members {
		found = append(found, m.probesAt(m.Name, "t."+ident(m.Name), "k."+ident(m.Name), 0)...)
	}
	return found
}

func (f *field) probesAt(path, typed, raw string, depth int) []probe {
	jsonType := "cast(json_type(" + raw + ") as varchar)"
	present := fmt.Sprintf("%s is not null and json_type(%s) <> 'NULL'", raw, raw)
	switch {
	case f.Element != nil:
		return f.listProbes(path, typed, raw, depth)
	case f.Members != nil:
		found := []probe{{path, fmt.Sprintf("case when %s and json_type(%s) <> 'OBJECT' then 1 else 0 end", present, raw), jsonType}}
		for _, m := range f.Members {
			below := fmt.Sprintf("json_extract(%s, %s)", raw, literal("$."+quoteJSON(m.Name)))
			for _, p := range m.probesAt(path+"."+m.Name, typed+"."+ident(m.Name), below, depth) {
				p.Faults = fmt.Sprintf("case when json_type(%s) = 'OBJECT' then %s else 0 end", raw, p.Faults)
				found = append(found, p)
			}
		}
		return found
	}
	return []probe{{path, fmt.Sprintf("case when %s and (%s) then 1 else 0 end", present, f.changed(typed, raw)), jsonType}}
}

// listProbes count over the elements of a list.
func (f *field) listProbes(path, typed, raw string, depth int) []probe {
	position := fmt.Sprintf("i%d", depth)
	jsonType := "cast(json_type(" + raw + ") as varchar)"
	found := []probe{{path, fmt.Sprintf("case when %s is not null and json_type(%s) not in ('NULL', 'ARRAY') then 1 else 0 end", raw, raw), jsonType}}
	elementTyped := fmt.Sprintf("%s[%s]", typed, position)
	elementRaw := fmt.Sprintf("json_extract(%s, '$[' || (%s - 1) || ']')", raw, position)
	for _, p := range f.Element.probesAt(path+"[]", elementTyped, elementRaw, depth+1) {
		p.Faults = fmt.Sprintf(
			"case when json_type(%[1]s) = 'ARRAY' then cast(coalesce(list_sum(list_transform(range(1, cast(json_array_length(%[1]s) as bigint) + 1), lambda %[2]s: %[3]s)), 0) as bigint) else 0 end",
			raw, position, p.Faults)
		p.JSONType = literal("ARRAY")
		found = append(found, p)
	}
	return found
}

// changed says of a present value whether from_json lost or altered it: it
// turns a wrong type into NULL, 12.6 into 13, and true into 1.
func (f *field) changed(typed, raw string) string {
	switch strings.ToUpper(f.Type) {
	case "BIGINT", "INTEGER", "UBIGINT", "HUGEINT", "SMALLINT":
		return fmt.Sprintf("%[1]s is null or json_type(%[2]s) = 'BOOLEAN' or try_cast(json_extract_string(%[2]s, '$') as double) is distinct from cast(%[1]s as double)", typed, raw)
	case "DOUBLE", "FLOAT":
		return fmt.Sprintf("%s is null or json_type(%s) = 'BOOLEAN'", typed, raw)
	case "BOOLEAN":
		return fmt.Sprintf("%s is null or json_type(%s) <> 'BOOLEAN'", typed, raw)
	}
	return typed + " is null"
}

// required lists the expressions of leaves that must be there, over the typed
// structure. Leaves inside lists cannot be required.
func (f *field) required() []string {
	var found []string
	for _, m := range f.Members {
		found = append(found, m.requiredAt("t."+ident(m.Name))...)
	}
	return found
}

func (f *field) requiredAt(typed string) []string {
	if f.Required {
		return []string{typed}
	}
	var found []string
	for _, m := range f.Members {
		found = append(found, m.requiredAt(typed+"."+ident(m.Name))...)
	}
	return found
}
