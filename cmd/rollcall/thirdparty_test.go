package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/connectortest/python"
)

// pythonConfig is the block of docs/connectors.md, with this machine's paths.
const pythonConfig = head + `
connector "sample" "shop" {
  command     = [%s]
  kinds       = ["community"]
  email_trust = "self"
  url         = "%s"
  token       = env("FORUM_KEY")
}
`

// shop serves three items on two pages, one of which no store can take.
func shop(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != "Bearer "+testKey:
		w.WriteHeader(http.StatusUnauthorized)
	case r.FormValue("after") == "":
		fmt.Fprintf(w, `{"items":[{"id":1,"updated_at":"2026-01-01T00:00:00Z"},{"id":2,"name":"%s"}],"next":"2","more":true}`, "\xff")
	case r.FormValue("after") == "2":
		fmt.Fprint(w, `{"items":[{"id":3}],"next":"3","more":false}`)
	default:
		fmt.Fprint(w, `{"items":[],"next":"3","more":false}`)
	}
}

// A connector in another language goes the way of a bundled one: described,
// configured, checked, synced into the lake, resumed.
func TestSync_landsRowsOfTheSampleInPython(t *testing.T) {
	command := python.Command(t)
	server := httptest.NewServer(http.HandlerFunc(shop))
	t.Cleanup(server.Close)
	s := newSite(t, fmt.Sprintf(pythonConfig, `"`+strings.Join(command, `", "`)+`"`, server.URL))

	describe := []string{"connectors", "describe", "sample"}
	for _, part := range command {
		describe = append(describe, "--command", part)
	}
	require.Contains(t, s.ok(describe...), "Sample in Python")
	require.Contains(t, s.ok("connectors", "describe", "sample"), "every item, in order of change")
	require.Contains(t, s.ok("connectors", "list"), "Sample in Python")
	s.ok("validate")
	require.Contains(t, s.ok("doctor"), "shop")

	s.ok("sync")
	rows := `select string_agg(key || ' ' || version || ' ' || data, ', ' order by key) as rows from raw.sample__items`
	landed := `1 1 {"id":1,"updated_at":"2026-01-01T00:00:00Z"}, 3 1 {"id":3}`
	require.Equal(t, landed, s.query("--lake", rows))
	require.Equal(t, "2: the record is no valid UTF-8", s.query("--lake", `select key || ': ' || reason as why from ops.rejected_record`))
	s.ok("sync")
	require.Equal(t, landed, s.query("--lake", rows))
}
