package connectortest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// refereed sends requests ("GET /x", "POST /x body") through a referee in
// front of a server that reads each body, and returns the failures.
func refereed(t *testing.T, referee func(t testing.TB) func(http.Handler) http.Handler, requests ...string) []string {
	t.Helper()
	return collect(t, func(t testing.TB) {
		served := 0
		handler := referee(t)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			served++
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, r.Header.Get("Want-Body"), string(body))
		}))
		for _, request := range requests {
			parts := append(strings.SplitN(request, " ", 3), "")
			r := httptest.NewRequest(parts[0], parts[1], strings.NewReader(parts[2]))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Want-Body", parts[2])
			r.Header.Set("Api-Key", "key")
			r.Header.Set("Api-Username", "system")
			handler.ServeHTTP(httptest.NewRecorder(), r)
		}
		require.Equal(t, len(requests), served)
	}).failures
}

func openAPIOf(file string, lacks ...string) func(t testing.TB) func(http.Handler) http.Handler {
	return func(t testing.TB) func(http.Handler) http.Handler { return OpenAPI(t, file, lacks...) }
}

func TestOpenAPI_refereesDiscourse(t *testing.T) {
	file := Shared(t, "vendor/discourse/openapi.json")
	require.Empty(t, refereed(t, openAPIOf(file), "GET /posts.json", "GET /posts.json?before=812", "GET /t/12.json", "GET /categories.json", "GET /c/5/show.json",
		"GET /admin/users/list/active.json?page=2", `PUT /t/12/status.json {"status":"closed","enabled":"true"}`))
	for request, fault := range map[string]string{
		"GET /nowhere.json":                        "no such path",
		"DELETE /posts.json":                       "no such method",
		"GET /posts.json?before=soon":              "before",
		"GET /posts.json?after=3":                  `"after" is not declared`,
		"GET /t/1/2/3.json":                        "no such path",
		`PUT /t/12/status.json {"status":7}`:       "status",
		`PUT /t/12/status.json {"status":"closed"`: "body",
	} {
		faults := refereed(t, openAPIOf(file), request)
		require.Len(t, faults, 1, request)
		require.Contains(t, faults[0], fault, request)
	}
}

func TestOpenAPI_knowsWhatTheDocumentLacks(t *testing.T) {
	file := Shared(t, "vendor/discourse/openapi.json")
	lacks := []string{"GET /latest.json?page", "GET /u/{name}/activity.json"}
	require.Empty(t, refereed(t, openAPIOf(file, lacks...), "GET /latest.json?page=2", "GET /u/sam/activity.json?anything=1"))
	require.Len(t, refereed(t, openAPIOf(file, lacks...), "GET /latest.json?page=2&size=3", "GET /u/sam/activity.json"), 1)

	faults := refereed(t, openAPIOf(file, append(lacks, "GET /posts.json?before")...), "GET /latest.json?page=2", "GET /posts.json?before=8")
	require.Len(t, faults, 2, "an exemption that nothing needed, for whatever reason, fails")
	require.Contains(t, faults[0], "activity.json")
	require.Contains(t, faults[1], "posts.json?before")
	require.NotEmpty(t, refereed(t, openAPIOf(file, "/latest.json")))
}

func TestOpenAPI_refereesGitHub(t *testing.T) {
	file := Shared(t, "vendor/github/api.github.com.community-subset.openapi.json")
	require.Empty(t, refereed(t, openAPIOf(file), "GET /repos/acme/widgets/issues?state=all&per_page=100&page=2&since=2026-01-01T00:00:00Z",
		"GET /repos/acme/widgets/traffic/views?per=day", "GET /repos/acme/wid%2Fgets/stargazers", "GET /rate_limit"))
	for _, request := range []string{"GET /repos/acme/widgets/issues?state=every", "GET /repos/acme/widgets/issues?since=yesterday",
		"GET /repos/acme/widgets/traffic/views?per=year", "GET /repos/acme/widgets/issues?cursor=x"} {
		require.Len(t, refereed(t, openAPIOf(file), request), 1, request)
	}
}

func TestGraphQL_refereesGitHub(t *testing.T) {
	file := Shared(t, "vendor/github/schema.graphql")
	schema, err := loadSchema(file)
	require.NoError(t, err)
	require.NotNil(t, schema.Types["EnterpriseOwnerInfo"].Fields.ForName("repositoryDeployKeySetting"))
	referee := func(t testing.TB) func(http.Handler) http.Handler { return GraphQL(t, file, "/graphql") }
	post := func(body string) string { return "POST /graphql " + body }
	const query = `query($owner:String!,$n:Int){repository(owner:$owner,name:\"x\"){discussions(first:$n){nodes{id title}pageInfo{endCursor hasNextPage}}}}`
	require.Empty(t, refereed(t, referee, post(`{"query":"`+query+`","variables":{"owner":"acme","n":50}}`), "GET /rate_limit",
		post(`{"query":"{rateLimit{cost remaining resetAt}}"}`)))
	for body, fault := range map[string]string{
		`{"query":"{repository(owner:\"a\",name:\"b\"){discussionz{id}}}"}`: "discussionz",
		`{"query":"` + query + `","variables":{"n":50}}`:                    "owner",
		`{"query":"` + query + `","variables":{"owner":"a","n":"many"}}`:    "Int",
		`{"query":"` + query + `","variables":{"owner":"a","m":1}}`:         "$m is sent",
		`{"query":"` + query + `","operationName":"other"}`:                 `no operation "other"`,
		`{"query":"{rateLimit{"}`:                                           "not valid",
		`{"quary":"{rateLimit{cost}}"}`:                                     "not a GraphQL request",
		`[]`:                                                                "not a GraphQL request",
	} {
		faults := refereed(t, referee, post(body))
		require.Len(t, faults, 1, body)
		require.Contains(t, faults[0], fault)
	}
	require.Len(t, refereed(t, referee, "GET /graphql"), 1)
}

func TestShared_skipsWithoutMaterial(t *testing.T) {
	t.Setenv("ROLLCALL_SHARED", t.TempDir())
	skipped := false
	t.Run("inner", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		Shared(t, "vendor/none.json")
	})
	require.True(t, skipped)
}
