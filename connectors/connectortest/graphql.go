package connectortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// GraphQL puts a referee in front of a fake server: every POST to path is held
// against the vendor's schema (a file), and a query that does not validate,
// alone or with its variables, fails the test. Other requests go by: join it
// with OpenAPI for an API that has both.
func GraphQL(t testing.TB, schemaFile, path string) func(http.Handler) http.Handler {
	t.Helper()
	schema, err := loadSchema(schemaFile)
	if err != nil {
		t.Fatalf("read %s: %v", schemaFile, err)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == path {
				if err := judgeGraphQL(schema, r); err != nil {
					t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

// loadSchema reads a schema. Where a type defines a field twice, as GitHub's
// EnterpriseOwnerInfo does, the second definition is dropped: the parser
// takes both, and validation of the schema would refuse them.
func loadSchema(file string) (*ast.Schema, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	document, err := parser.ParseSchemas(validator.Prelude, &ast.Source{Name: file, Input: string(text)})
	if err != nil {
		return nil, err
	}
	for _, definition := range document.Definitions {
		seen := map[string]bool{}
		var fields ast.FieldList
		for _, field := range definition.Fields {
			if !seen[field.Name] {
				fields = append(fields, field)
			}
			seen[field.Name] = true
		}
		definition.Fields = fields
	}
	return validator.ValidateSchemaDocument(document)
}

// judgeGraphQL checks one request, which keeps its body.
func judgeGraphQL(schema *ast.Schema, r *http.Request) error {
	if r.Method != http.MethodPost {
		return fmt.Errorf("a query is sent by POST")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var sent struct {
		Query         string         `json:"query"`
		OperationName string         `json:"operationName"`
		Variables     map[string]any `json:"variables"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&sent); err != nil {
		return fmt.Errorf("the body is not a GraphQL request: %w", err)
	}
	document, faults := gqlparser.LoadQueryWithRules(schema, sent.Query, rules.NewDefaultRules())
	if len(faults) > 0 {
		return fmt.Errorf("the query is not valid: %w", faults)
	}
	operation := document.Operations.ForName(sent.OperationName)
	if operation == nil {
		return fmt.Errorf("the query has no operation %q", sent.OperationName)
	}
	for name := range sent.Variables {
		if operation.VariableDefinitions.ForName(name) == nil {
			return fmt.Errorf("variable $%s is sent, but not declared by the query", name)
		}
	}
	if _, err := validator.VariableValues(schema, operation, sent.Variables); err != nil {
		return fmt.Errorf("the variables are not valid: %w", err)
	}
	return nil
}
