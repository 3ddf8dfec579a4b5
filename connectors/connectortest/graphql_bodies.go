package connectortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// GraphQLBodies puts a referee behind a fake server: every answer of 200 to a
// query at path is held against the vendor's schema (a file), and one whose
// data is not what the query's selection promises fails the test: a missing
// member or one too many, a null that may not be, a value of another type, an
// enumeration's unknown value, a malformed time. judged tells how many there
// were.
func GraphQLBodies(t testing.TB, schemaFile, path string) (wrap func(http.Handler) http.Handler, judged func() int) {
	t.Helper()
	schema, err := loadSchema(schemaFile)
	if err != nil {
		t.Fatalf("read %s: %v", schemaFile, err)
	}
	n := 0
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != path {
				next.ServeHTTP(w, r)
				return
			}
			asked, err := io.ReadAll(r.Body)
			if err != nil {
				t.Errorf("read the query: %v", err)
			}
			r.Body = io.NopCloser(bytes.NewReader(asked))
			kept := httptest.NewRecorder()
			next.ServeHTTP(kept, r)
			if kept.Code == http.StatusOK {
				n++
				for _, fault := range dataFaults(schema, asked, kept.Body.Bytes()) {
					t.Errorf("the answer to %.60s: %s", asked, fault)
				}
			}
			send(w, kept, kept.Body.Bytes())
		})
	}, func() int { return n }
}

// dataFaults says what of an answer's data is not what was asked for.
func dataFaults(schema *ast.Schema, asked, answered []byte) []string {
	var sent struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables"`
	}
	var got struct {
		Data   map[string]any   `json:"data"`
		Errors []map[string]any `json:"errors"`
	}
	if err := json.Unmarshal(asked, &sent); err != nil {
		return []string{"the query is not JSON: " + err.Error()}
	}
	decoder := json.NewDecoder(bytes.NewReader(answered))
	decoder.UseNumber()
	if err := decoder.Decode(&got); err != nil {
		return []string{"it is not JSON: " + err.Error()}
	}
	if got.Data == nil {
		if len(got.Errors) == 0 {
			return []string{"it has neither data nor errors"}
		}
		return nil
	}
	document, faults := gqlparser.LoadQueryWithRules(schema, sent.Query, rules.NewDefaultRules())
	if len(faults) > 0 {
		return []string{"the query is not valid: " + faults.Error()}
	}
	check := &dataCheck{schema: schema, variables: sent.Variables}
	check.object("data", document.Operations[0].SelectionSet, schema.Query.Name, got.Data)
	return check.faults
}

type dataCheck struct {
	schema    *ast.Schema
	variables map[string]any
	faults    []string
}

func (c *dataCheck) fault(path, format string, args ...any) {
	c.faults = append(c.faults, path+": "+fmt.Sprintf(format, args...))
}

// object checks an object's members against what is selected of its type,
// which its __typename says where the type is abstract.
func (c *dataCheck) object(path string, set ast.SelectionSet, typ string, object map[string]any) {
	if name, ok := object["__typename"].(string); ok {
		if c.schema.Types[name] == nil {
			c.fault(path, "no type %q", name)
			return
		}
		typ = name
	}
	definition := c.schema.Types[typ]
	abstract := definition.IsAbstractType()
	selected := map[string]*ast.Field{}
	c.collect(set, definition, selected)
	for name, field := range selected {
		value, there := object[name]
		if !there {
			if !abstract {
				c.fault(path, "%s is missing", name)
			}
			continue
		}
		c.value(path+"."+name, field.SelectionSet, field.Definition.Type, value)
	}
	for name := range object {
		if selected[name] == nil && !abstract {
			c.fault(path, "%s was not asked for", name)
		}
	}
}

// collect gathers the fields that apply to a type, by response name.
func (c *dataCheck) collect(set ast.SelectionSet, on *ast.Definition, fields map[string]*ast.Field) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if !c.included(s.Directives) {
				continue
			}
			if before := fields[s.Alias]; before != nil {
				merged := *before
				merged.SelectionSet = append(append(ast.SelectionSet{}, before.SelectionSet...), s.SelectionSet...)
				fields[s.Alias] = &merged
				continue
			}
			fields[s.Alias] = s
		case *ast.InlineFragment:
			if c.included(s.Directives) && c.applies(s.TypeCondition, on) {
				c.collect(s.SelectionSet, on, fields)
			}
		case *ast.FragmentSpread:
			if c.included(s.Directives) && c.applies(s.Definition.TypeCondition, on) {
				c.collect(s.Definition.SelectionSet, on, fields)
			}
		}
	}
}

func (c *dataCheck) included(directives ast.DirectiveList) bool {
	for _, d := range directives {
		value, err := d.Arguments.ForName("if").Value.Value(c.variables)
		if is, ok := value.(bool); err != nil || !ok || is != (d.Name == "include") {
			return false
		}
	}
	return true
}

func (c *dataCheck) applies(condition string, on *ast.Definition) bool {
	if condition == "" || condition == on.Name {
		return true
	}
	for _, possible := range c.schema.GetPossibleTypes(c.schema.Types[condition]) {
		if possible.Name == on.Name {
			return true
		}
	}
	return false
}

func (c *dataCheck) value(path string, set ast.SelectionSet, typ *ast.Type, value any) {
	switch {
	case value == nil:
		if typ.NonNull {
			c.fault(path, "null, where the schema has %s", typ)
		}
	case typ.Elem != nil:
		list, ok := value.([]any)
		if !ok {
			c.fault(path, "%T, where the schema has %s", value, typ)
		}
		for _, item := range list {
			c.value(path, set, typ.Elem, item)
		}
	case len(set) > 0:
		object, ok := value.(map[string]any)
		if !ok {
			c.fault(path, "%T, where the schema has %s", value, typ)
			return
		}
		c.object(path, set, typ.NamedType, object)
	case !c.fits(c.schema.Types[typ.NamedType], value):
		c.fault(path, "%v, where the schema has %s", value, typ)
	}
}

// fits says whether a value is one of a scalar's or an enumeration's.
func (c *dataCheck) fits(definition *ast.Definition, value any) bool {
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	_, isBool := value.(bool)
	switch definition.Name {
	case "Int":
		return isNumber && !strings.ContainsAny(number.String(), ".eE")
	case "Float":
		return isNumber
	case "Boolean":
		return isBool
	case "DateTime":
		at, err := time.Parse(time.RFC3339, text)
		return isText && err == nil && at.Nanosecond() == 0 // GitHub's times have whole seconds
	case "URI":
		return isText && (strings.HasPrefix(text, "http") || strings.HasPrefix(text, "/"))
	}
	if definition.Kind == ast.Enum {
		return isText && definition.EnumValues.ForName(text) != nil
	}
	return isText
}
