package github

import (
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
	connectortest.Run(t, connectortest.Case{
		Command:  []string{self, "github"},
		Settings: settings,
		Secrets:  []string{token},
		Server: func() http.Handler {
			return &githubtest.Server{World: githubtest.Generate(40, githubtest.Small(), time.Now()), Token: token, Limit: 1 << 30}
		},
		Bad: map[string]connectors.Settings{
			"token":        connectors.Settings(`{"organization":"acme"}`),
			"repositories": connectors.Settings(fmt.Sprintf(`{"token":%q,"repositories":["acme"]}`, token)),
			"api_url":      connectors.Settings(fmt.Sprintf(`{"token":%q,"organization":"acme","api_url":"nowhere"}`, token)),
		},
		FaultLimit: time.Minute,
	})
}
