package discourse

import (
	"net/http"
	"os"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// TestMain makes the test binary its own connector: "TEST connector" serves
// it, with short time-outs so that the conformance suite is quick.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "connector" {
		connectors.Serve(&connector{timeout: 500 * time.Millisecond})
		return
	}
	os.Exit(m.Run())
}

func TestConnector_conforms(t *testing.T) {
	settings := func(url string) connectors.Settings {
		return connectors.Settings(`{"url":"` + url + `","api_key":"` + fakeKey + `","bookmarks_query":5}`)
	}
	connectortest.Run(t, connectortest.Case{
		Command:  []string{os.Args[0], "connector"},
		Settings: settings,
		Secrets:  []string{fakeKey},
		Server:   func() http.Handler { return fakeForum(120) },
		Bad: map[string]connectors.Settings{
			"url":          connectors.Settings(`{"url":"not an address"}`),
			"reread":       connectors.Settings(`{"url":"https://forum.example.com","reread":"a while"}`),
			"reread_every": connectors.Settings(`{"url":"https://forum.example.com","reread_every":"often"}`),
		},
		Huge:        endlessForum,
		HugeStream:  postsName,
		HugeRecords: 40_000,
	})
}
