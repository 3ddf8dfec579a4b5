package connectortest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// A Contradiction is a place of an answer where the vendor's document and what
// the vendor sends differ, so that one of the two has to be followed.
type Contradiction struct {
	Place  string // "GET /posts.json latest_posts.#.actions_summary.#.count"; a path alone stands for all of its answers
	Reason string
}

// Bodies puts a referee behind a fake server: every answer of 200 to a path that
// the vendor's OpenAPI document (a file) describes is held against the schema
// it gives, and one that differs fails the test, but for what is named. A
// contradiction that no answer showed fails it too, at its end. Paths that the
// document does not describe are not judged; judged tells how many answers were.
func Bodies(t testing.TB, file string, known ...Contradiction) (wrap func(http.Handler) http.Handler, judged func() int) {
	t.Helper()
	document, err := newOpenAPI(file, nil)
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	b := &bodies{t: t, document: document, known: known, used: map[string]bool{}}
	t.Cleanup(func() {
		for _, c := range known {
			if !b.used[c.Place] {
				t.Errorf("%q is named as a contradiction of %s (%s), but no answer showed it", c.Place, file, c.Reason)
			}
		}
	})
	return b.wrap, func() int { return b.judged }
}

type bodies struct {
	t        testing.TB
	document *openAPI
	known    []Contradiction

	mu     sync.Mutex
	used   map[string]bool
	judged int
}

func (b *bodies) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kept := httptest.NewRecorder()
		next.ServeHTTP(kept, r)
		b.judge(r, kept)
		send(w, kept, kept.Body.Bytes())
	})
}

func (b *bodies) judge(r *http.Request, answer *httptest.ResponseRecorder) {
	route, _, problem := b.document.find(r)
	if problem != "" || answer.Code != http.StatusOK {
		return
	}
	response := route.Operation.Responses.Status(http.StatusOK)
	if response == nil || response.Value.Content.Get("application/json") == nil || response.Value.Content.Get("application/json").Schema == nil {
		return
	}
	var value any
	if err := json.Unmarshal(answer.Body.Bytes(), &value); err != nil {
		b.t.Errorf("%s %s: the answer is not JSON: %v", r.Method, r.URL.Path, err)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.judged++
	err := response.Value.Content.Get("application/json").Schema.Value.VisitJSON(value, openapi3.MultiErrors())
	for _, fault := range schemaFaults(err) {
		place := r.Method + " " + route.Path + " " + fault.place
		if !b.isKnown(r.Method+" "+route.Path, place) {
			b.t.Errorf("%s: %s", place, fault.reason)
		}
	}
}

func (b *bodies) isKnown(path, place string) bool {
	for _, c := range b.known {
		if c.Place == place || c.Place == path {
			b.used[c.Place] = true
			return true
		}
	}
	return false
}

// undeclaredProperty finds the property that kin-openapi's message names.
var undeclaredProperty = regexp.MustCompile(`^property "(.*)" is unsupported$`)

type schemaFault struct{ place, reason string }

// schemaFaults are the places at which a value does not fit its schema, each
// once: positions in arrays are written as #.
func schemaFaults(err error) (faults []schemaFault) {
	var several openapi3.MultiError
	if errors.As(err, &several) {
		for _, one := range several {
			for _, fault := range schemaFaults(one) {
				if !slices.Contains(faults, fault) {
					faults = append(faults, fault)
				}
			}
		}
		return faults
	}
	var one *openapi3.SchemaError
	if !errors.As(err, &one) {
		if err != nil {
			faults = append(faults, schemaFault{"", err.Error()})
		}
		return faults
	}
	steps := one.JSONPointer()
	for i, step := range steps {
		if strings.Trim(step, "0123456789") == "" {
			steps[i] = "#"
		}
	}
	if undeclared := undeclaredProperty.FindStringSubmatch(one.Reason); undeclared != nil {
		steps = append(steps, undeclared[1])
	}
	return []schemaFault{{strings.Join(steps, "."), fmt.Sprintf("%s (%s)", one.Reason, one.SchemaField)}}
}
