package connectortest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// OpenAPI puts a referee in front of a fake server: every request is held
// against the vendor's OpenAPI document (3.0 or 3.1, a file), and one that the
// document does not allow fails the test: an unknown path or method, a missing
// or mistyped parameter, a query parameter that is not declared, a body
// against its schema. The request then goes on to the server.
//
// lacks names what the document is known to lack: "GET /u/{name}/activity.json"
// an endpoint, "GET /latest.json?page" a query parameter. One that no request
// needed fails the test at its end, so that the list stays true.
func OpenAPI(t testing.TB, file string, lacks ...string) func(http.Handler) http.Handler {
	t.Helper()
	referee, err := newOpenAPI(file, lacks)
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	t.Cleanup(func() {
		for _, lack := range referee.unused() {
			t.Errorf("%q is named as lacking in %s, but no request needed it", lack, file)
		}
	})
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for _, fault := range referee.faults(r) {
				t.Errorf("%s %s: %s", r.Method, r.URL.Path, fault)
			}
			next.ServeHTTP(w, r)
		})
	}
}

type openAPI struct {
	doc       *openapi3.T
	endpoints []endpoint
	lacks     []lack

	mu   sync.Mutex
	used map[string]bool
}

// An endpoint is one path of the document.
type endpoint struct {
	path   string
	match  *regexp.Regexp
	params []string
	item   *openapi3.PathItem
}

// A lack is one entry of the list of what the document lacks.
type lack struct {
	name, method string
	match        *regexp.Regexp
	query        string // empty: the whole endpoint
}

func newOpenAPI(file string, lacks []string) (*openAPI, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, err
	}
	o := &openAPI{doc: doc, used: map[string]bool{}}
	for path, item := range doc.Paths.Map() {
		match, params := pattern(path)
		o.endpoints = append(o.endpoints, endpoint{path: path, match: match, params: params, item: item})
	}
	// The path with the fewest parameters wins, as in every router.
	slices.SortFunc(o.endpoints, func(a, b endpoint) int {
		if d := len(a.params) - len(b.params); d != 0 {
			return d
		}
		return strings.Compare(a.path, b.path)
	})
	for _, name := range lacks {
		method, path, found := strings.Cut(name, " ")
		if !found {
			return nil, fmt.Errorf("%q: name what lacks as METHOD /path or METHOD /path?parameter", name)
		}
		path, query, _ := strings.Cut(path, "?")
		match, _ := pattern(path)
		o.lacks = append(o.lacks, lack{name: name, method: method, match: match, query: query})
	}
	return o, nil
}

var pathParameter = regexp.MustCompile(`\{([^}]+)\}`)

// pattern makes a regular expression of a path template, whose parameters may
// be a part of a segment: /t/{id}.json.
func pattern(path string) (*regexp.Regexp, []string) {
	var expression strings.Builder
	var params []string
	rest := 0
	for _, at := range pathParameter.FindAllStringSubmatchIndex(path, -1) {
		expression.WriteString(regexp.QuoteMeta(path[rest:at[0]]) + `([^/]+?)`)
		params = append(params, path[at[2]:at[3]])
		rest = at[1]
	}
	return regexp.MustCompile("^" + expression.String() + regexp.QuoteMeta(path[rest:]) + "$"), params
}

// faults lists what is wrong with a request, which keeps its body.
func (o *openAPI) faults(r *http.Request) []string {
	route, pathParams, problem := o.find(r)
	if problem != "" {
		if o.lacking(r, "") {
			return nil
		}
		return []string{problem}
	}
	var faults []string
	declared := r.URL.Query()
	for name := range declared {
		if declares(route, name) {
			continue
		}
		declared.Del(name)
		if !o.lacking(r, name) {
			faults = append(faults, fmt.Sprintf("query parameter %q is not declared by the vendor", name))
		}
	}
	if err := o.validate(r, declared, route, pathParams); err != nil {
		faults = append(faults, err.Error())
	}
	return faults
}

// find returns the operation a request means, or what is wrong with it.
func (o *openAPI) find(r *http.Request) (*routers.Route, map[string]string, string) {
	problem := "the vendor has no such path"
	for _, e := range o.endpoints {
		values := e.match.FindStringSubmatch(r.URL.EscapedPath())
		if values == nil {
			continue
		}
		operation := e.item.GetOperation(r.Method)
		if operation == nil {
			problem = "the vendor has no such method on " + e.path
			continue
		}
		params := map[string]string{}
		for i, name := range e.params {
			value, err := url.PathUnescape(values[i+1])
			if err != nil {
				return nil, nil, fmt.Sprintf("path parameter %s is not escaped as it should be", name)
			}
			params[name] = value
		}
		return &routers.Route{Spec: o.doc, Path: e.path, PathItem: e.item, Method: r.Method, Operation: operation}, params, ""
	}
	return nil, nil, problem
}

func declares(route *routers.Route, name string) bool {
	for _, list := range []openapi3.Parameters{route.Operation.Parameters, route.PathItem.Parameters} {
		for _, parameter := range list {
			// An array may be sent as name[]: both spellings mean the declared one.
			if p := parameter.Value; p.In == openapi3.ParameterInQuery && strings.TrimSuffix(p.Name, "[]") == strings.TrimSuffix(name, "[]") {
				return true
			}
		}
	}
	return false
}

// validate checks types, required parameters and the body. Credentials are
// not its business: connectors are tested with invented ones.
func (o *openAPI) validate(r *http.Request, declared url.Values, route *routers.Route, pathParams map[string]string) error {
	copied := r.Clone(r.Context())
	copied.URL.RawQuery = declared.Encode()
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		r.Body, copied.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
		if len(body) == 0 {
			copied.Body = http.NoBody
		}
	}
	return openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: copied, PathParams: pathParams, QueryParams: declared, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true,
			RejectWhenRequestBodyNotSpecified: true, SkipSettingDefaults: true,
		},
	})
}

// lacking reports whether the request's endpoint, or its query parameter, is
// on the list, and notes that the list was needed.
func (o *openAPI) lacking(r *http.Request, query string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.lacks {
		if l.method == r.Method && l.query == query && l.match.MatchString(r.URL.EscapedPath()) {
			o.used[l.name] = true
			return true
		}
	}
	return false
}

func (o *openAPI) unused() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var names []string
	for _, l := range o.lacks {
		if !o.used[l.name] {
			names = append(names, l.name)
		}
	}
	return names
}
