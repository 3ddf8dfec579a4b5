package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/github/githubtest"
)

// TestMain makes the test binary its own connector, with time-outs that a test
// can wait for: "TEST github".
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "github" {
		c := newConnector(nil, time.Now)
		c.timeout = 500 * time.Millisecond
		connectors.Serve(c)
		return
	}
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	settings := func(url string) connectors.Settings {
		return connectors.Settings(fmt.Sprintf(`{"token":%q,"organization":"acme","api_url":%q}`, token, url))
	}
	now := time.Now()
	connectortest.Run(t, connectortest.Case{
		Command:  []string{self, "github"},
		Settings: settings,
		Secrets:  []string{token},
		Server: func() http.Handler {
			return &githubtest.Server{World: githubtest.Generate(40, githubtest.Small(), now), Token: token, Limit: 1 << 30}
		},
		Bad: map[string]connectors.Settings{
			"token":        connectors.Settings(`{"organization":"acme"}`),
			"repositories": connectors.Settings(fmt.Sprintf(`{"token":%q,"repositories":["acme"]}`, token)),
			"api_url":      connectors.Settings(fmt.Sprintf(`{"token":%q,"organization":"acme","api_url":"nowhere"}`, token)),
		},
		Huge:        manyStars,
		HugeStream:  "stars",
		HugeRecords: 100_000,
		FaultLimit:  time.Minute,
	})
}

// manyStars serves one repository with that many stars.
func manyStars(records int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Variables struct{ First, After any } }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, "{}", http.StatusBadRequest)
			return
		}
		start := 0
		fmt.Sscan(fmt.Sprint(asked.Variables.After), &start)
		first := 100
		fmt.Sscan(fmt.Sprint(asked.Variables.First), &first)
		fmt.Fprint(w, `{"data":{"viewer":{"login":"x"},"repositoryOwner":{"repositories":{"pageInfo":{"hasNextPage":false},"nodes":[`+
			`{"id":"R_1","databaseId":1,"nameWithOwner":"acme/one","createdAt":"2020-01-01T00:00:00Z"}]}},"node":{"stargazers":{"edges":[`)
		end := min(records, start+first)
		for i := start; i < end; i++ {
			if i > start {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, `{"starredAt":%q,"node":{"id":"U_%d","__typename":"User","login":"user%d","databaseId":%d}}`,
				time.Unix(1_700_000_000-int64(i), 0).UTC().Format(time.RFC3339), i, i, i)
		}
		fmt.Fprintf(w, `],"pageInfo":{"hasNextPage":%t,"endCursor":"%d"}}}}}`, end < records, end)
	})
}
