package github

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

func TestOpen_refusesSettingsItCannotUse(t *testing.T) {
	cases := map[string]struct {
		settings string
		setting  string
	}{
		"no token":       {`{"organization":"acme"}`, "token"},
		"blank token":    {`{"token":" ","organization":"acme"}`, "token"},
		"nothing named":  {`{"token":"t"}`, "organization"},
		"bad login":      {`{"token":"t","organization":"a/b"}`, "organization"},
		"bad repository": {`{"token":"t","repositories":["acme"]}`, "repositories"},
		"path tricks":    {`{"token":"t","repositories":["acme/x/../y"]}`, "repositories"},
		"bad url":        {`{"token":"t","organization":"acme","api_url":"github.com"}`, "api_url"},
		"url with user":  {`{"token":"t","organization":"acme","api_url":"https://a:b@github.com"}`, "api_url"},
		"bad look-back":  {`{"token":"t","organization":"acme","reactions_lookback":"30d"}`, "reactions_lookback"},
		"wrong type":     {`{"token":7}`, "github"},
	}
	for name, c := range cases {
		_, err := New().Open(context.Background(), connectors.Settings(c.settings), &recordingHost{})
		var bad *connectors.ErrConfig
		require.ErrorAs(t, err, &bad, name)
		require.Equal(t, c.setting, bad.Setting, name)
	}
}

func TestSettings_addressesOfGraphQL(t *testing.T) {
	for rest, graphql := range map[string]string{
		"":                               "https://api.github.com",
		"https://api.github.com/":        "https://api.github.com",
		"https://git.example.com/api/v3": "https://git.example.com/api",
		"https://api.acme.ghe.com":       "https://api.acme.ghe.com",
	} {
		s, err := parseSettings(connectors.Settings(fmt.Sprintf(`{"token":"t","organization":"acme","api_url":%q}`, rest)))
		require.NoError(t, err)
		require.Equal(t, graphql, s.graphql)
	}
}

func TestDocuments_validateAgainstTheOfficialSchema(t *testing.T) {
	referee := connectortest.GraphQL(t, connectortest.Shared(t, "vendor/github/schema.graphql"), "/graphql")
	handler := referee(http.NotFoundHandler())
	c := newConnector(nil, time.Now)
	s := &source{documents: c.documents}
	variables := map[string]any{"id": "x", "ids": []string{"x"}, "login": "acme", "first": 1, "after": nil,
		"comments": 1, "replies": 1, "content": true, "onIssues": true}
	operations := 0
	for name, text := range c.documents {
		if strings.HasPrefix(text, "fragment ") {
			continue
		}
		operations++
		used := map[string]any{}
		for variable, value := range variables {
			if strings.Contains(text, "$"+variable+":") {
				used[variable] = value
			}
		}
		body, err := s.body(query{document: name, variables: used}, true)
		require.NoError(t, err)
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body))))
		require.Contains(t, text, "rateLimit { cost remaining resetAt }", name)
	}
	require.Equal(t, 13, operations)
	named := s.byName("x", []string{"a/b", "c/d"})
	body, err := s.body(named, true)
	require.NoError(t, err)
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body))))
}

func TestPosition_survivesItsCursor(t *testing.T) {
	p := position{Done: map[int64]int64{7: 100, 8: 100, 99: 200}, Base: 5, Target: 300, From: 50, At: 12,
		Place: place{Part: 1, Floor: 3, Target: 4, After: "abc"}}
	got, err := parseCursor(p.cursor())
	require.NoError(t, err)
	require.Equal(t, p, got)
}

func TestPosition_ofManyRepositoriesFitsACursor(t *testing.T) {
	p := position{Done: map[int64]int64{}, Target: 1_700_000_000}
	for i := range maxRepositories {
		p.Done[int64(1_000_000_000+i*1357)] = 1_700_000_000 - int64(i%3)*86_400
	}
	require.LessOrEqual(t, len(p.cursor()), connectors.MaxCursorBytes)
}

func TestParseCursor_ofAnotherVersionIsExpired(t *testing.T) {
	for _, c := range []string{"nonsense", `{"v":2}`, `{"v":1,"done":{"x":"1"}}`, `{"v":1,"done":{"1":"!"}}`} {
		_, err := parseCursor(connectors.Cursor(c))
		require.ErrorIs(t, err, connectors.ErrCursorExpired, c)
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add([]byte(`{"v":1,"done":{"100":"1 2 z"},"target":5,"place":{"after":"x"}}`))
	f.Fuzz(func(t *testing.T, c []byte) {
		if p, err := parseCursor(c); err == nil {
			again, err := parseCursor(p.cursor())
			require.NoError(t, err)
			require.Equal(t, p, again)
		}
	})
}

func TestLimited_tellsGitHubsLimits(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	cases := []struct {
		name    string
		status  int
		header  http.Header
		body    string
		wait    time.Duration
		limited bool
	}{
		{"secondary", 403, header("Retry-After", "7"), `{}`, 7 * time.Second, true},
		{"secondary as 429", 429, header("Retry-After", "7"), `{}`, 7 * time.Second, true},
		{"429 without a word", 429, header(), `{}`, time.Minute, true},
		{"used up", 403, header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1700000600"), `{}`, 10 * time.Minute, true},
		{"only a message", 403, header("X-RateLimit-Remaining", "4000"), `{"message":"You have exceeded a secondary rate limit"}`, time.Minute, true},
		{"a plain refusal", 403, header("X-RateLimit-Remaining", "4000"), `{"message":"Must have push access to repository"}`, 0, false},
		{"in GraphQL", 200, header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1700000060"), `{"errors":[{"type":"RATE_LIMITED"}]}`, time.Minute, true},
		{"a text about it", 200, header(), `{"data":{"title":"RATE_LIMITED"}}`, 0, false},
		{"cut", 200, header(), `{"errors":[{"type":"RATE_LIMITED"`, 0, false},
		{"gone", 410, header("Retry-After", "7"), `{}`, 0, false},
	}
	for _, c := range cases {
		wait, is := limited(c.status, c.header, []byte(c.body), now)
		require.Equal(t, c.limited, is, c.name)
		require.Equal(t, c.wait, wait, c.name)
	}
}
