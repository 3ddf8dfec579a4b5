package connectortest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// answered sends a request through a referee of answers behind which a server
// says body, and returns the failures.
func answered(t *testing.T, wrap func(testing.TB) func(http.Handler) http.Handler, method, path, asked, body string) []string {
	t.Helper()
	return collect(t, func(t testing.TB) {
		handler := wrap(t)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(asked)))
		require.Equal(t, body, w.Body.String(), "the answer goes through")
	}).failures
}

func TestBodies_refereesAnswers(t *testing.T) {
	file := Shared(t, "vendor/github/api.github.com.community-subset.openapi.json")
	referee := func(known ...Contradiction) func(testing.TB) func(http.Handler) http.Handler {
		return func(t testing.TB) func(http.Handler) http.Handler {
			wrap, _ := Bodies(t, file, known...)
			return wrap
		}
	}
	const path = "/repos/acme/widgets/traffic/views"
	good := `{"count":3,"uniques":2,"views":[{"timestamp":"2026-01-01T00:00:00Z","count":3,"uniques":2}]}`
	require.Empty(t, answered(t, referee(), "GET", path, "", good))
	require.Empty(t, answered(t, referee(), "GET", "/nowhere", "", `{"any":"thing"}`), "what the document does not describe is not judged")
	for body, fault := range map[string]string{
		`{"count":"3","uniques":2,"views":[]}`:                                   "GET /repos/{owner}/{repo}/traffic/views count",
		`{"count":3,"views":[]}`:                                                 "uniques",
		`{"count":3,"uniques":2,"views":[{"timestamp":"2026-01-01T00:00:00Z"}]}`: "views.#",
		`{"count":3`: "not JSON",
	} {
		faults := answered(t, referee(), "GET", path, "", body)
		require.NotEmpty(t, faults, body)
		require.Contains(t, faults[0], fault)
	}
	known := Contradiction{Place: "GET /repos/{owner}/{repo}/traffic/views count", Reason: "a test"}
	require.Empty(t, answered(t, referee(known), "GET", path, "", `{"count":"3","uniques":2,"views":[]}`))
	require.Len(t, answered(t, referee(known), "GET", path, "", good), 1, "a contradiction that nothing showed")
}

func TestGraphQLBodies_refereesAnswers(t *testing.T) {
	file := Shared(t, "vendor/github/schema.graphql")
	referee := func(t testing.TB) func(http.Handler) http.Handler {
		wrap, _ := GraphQLBodies(t, file, "/graphql")
		return wrap
	}
	const asked = `{"query":"{repository(owner:\"a\",name:\"b\"){createdAt issues(first:1){nodes{number state author{__typename login ... on User{databaseId}}}}}}"}`
	repository := func(created, node string) string {
		return `{"data":{"repository":{"createdAt":"` + created + `","issues":{"nodes":[` + node + `]}}}}`
	}
	const now, node = "2026-01-01T00:00:00Z", `{"number":1,"state":"OPEN","author":{"__typename":"User","login":"x","databaseId":7}}`
	require.Empty(t, answered(t, referee, "POST", "/graphql", asked, repository(now, node)))
	require.Empty(t, answered(t, referee, "POST", "/graphql", asked, repository(now, `null,{"number":1,"state":"OPEN","author":null}`)))
	require.Empty(t, answered(t, referee, "POST", "/graphql", asked, `{"errors":[{"message":"no"}]}`))
	for body, fault := range map[string]string{
		repository("2026-01-01T00:00:00.5Z", node):                                  "createdAt",
		repository(now, strings.Replace(node, `"OPEN"`, `"AJAR"`, 1)):               "state",
		repository(now, strings.Replace(node, `"number":1`, `"number":"1"`, 1)):     "number",
		repository(now, strings.Replace(node, `"number":1`, `"number":null`, 1)):    "null",
		repository(now, strings.Replace(node, `"number":1,`, ``, 1)):                "number is missing",
		repository(now, strings.Replace(node, `"number":1`, `"number":1,"x":2`, 1)): "x was not asked for",
		repository(now, strings.Replace(node, `"User"`, `"Robot"`, 1)):              `no type "Robot"`,
		repository(now, strings.Replace(node, `"User"`, `"Bot"`, 1)):                "databaseId was not asked for",
		`{}`: "neither data nor errors",
	} {
		faults := answered(t, referee, "POST", "/graphql", asked, body)
		require.Len(t, faults, 1, body)
		require.Contains(t, faults[0], fault)
	}
}
