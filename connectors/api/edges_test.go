package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

func TestDo_acceptsAnswersWithoutABody(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusNoContent)
		}
	})
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		_, err := b.Do(t.Context(), api.Request{Method: method, Path: "/x", Items: "items"})
		require.NoError(t, err, method)
	}
}

func TestDo_boundsDepthOutsideOfStrings(t *testing.T) {
	body := ""
	b := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) },
		func(o *api.Options) { o.MaxDepth = 3; o.MaxTries = 1 })
	for _, body = range []string{`{"a\"[[[[":"\\"}`, `[[[],[]],{"a":"{{{{"}]`} {
		_, err := b.Do(t.Context(), api.Request{Path: "/x"})
		require.NoError(t, err, body)
	}
	for _, body = range []string{`{"a\\":[[[[]]]]}`, `[[[[]]]]`, strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20)} {
		_, err := b.Do(t.Context(), api.Request{Path: "/x"})
		require.ErrorContains(t, err, "nests deeper than 3")
	}
}

func TestDo_refusesBareValuesAndLongAddresses(t *testing.T) {
	b := serve(t, answer(200, `17`), func(o *api.Options) { o.MaxTries = 1 })
	var transient *connectors.Transient
	_, err := b.Do(t.Context(), api.Request{Path: "/x"})
	require.ErrorAs(t, err, &transient)
	require.ErrorContains(t, err, "number")
	_, err = b.Do(t.Context(), api.Request{Path: "/" + strings.Repeat("x", 9000)})
	require.ErrorAs(t, err, &transient)
	require.Len(t, b.host.permits, 1)
}

func TestWalk_followsLinksBesideAPathPrefix(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.String() {
		case "/forum/list":
			w.Header().Set("Link", `</forum/list?page=2>; REL=Next`)
		case "/forum/list?page=2":
			w.Header().Set("Link", `<?page=3>; rel="next"`)
		case "/forum/list?page=3":
		default:
			t.Errorf("asked for %s", r.URL)
		}
		fmt.Fprintf(w, `{"items":[%q]}`, r.URL)
	}, func(o *api.Options) { o.BaseURL += "/forum" })
	pages := 0
	require.NoError(t, b.Walk(t.Context(), api.Link{Request: api.Request{Path: "/list"}}, func(*api.Response) error { pages++; return nil }))
	require.Equal(t, 3, pages)
}

func TestToken_endsByItsFlagThoughThereIsAToken(t *testing.T) {
	b := serve(t, answer(200, `{"cursor":"a","more":false}`))
	request := api.Request{Path: "/list"}
	for _, pager := range []api.Pager{api.Token{Request: request, Path: "cursor", Param: "c", More: "more"}, api.Link{Request: request, Path: "cursor", More: "more"}} {
		require.NoError(t, b.Walk(t.Context(), pager, func(*api.Response) error { return nil }))
	}
	require.Len(t, b.host.permits, 2)
}

func TestOAuth_refreshesInTimeAndKeepsItsRefreshToken(t *testing.T) {
	var used []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		used = append(used, r.FormValue("refresh_token"))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"access-%d","token_type":"bearer","expires_in":3600}`, len(used))
	}))
	defer server.Close()
	clock := newClock()
	auth := &api.OAuth{ClientID: "id", ClientSecret: "shh", InParams: true, TokenURL: server.URL, RefreshToken: "refresh-0", Host: &host{}, Clock: clock}
	sent := func() string {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		require.NoError(t, auth.Apply(t.Context(), r))
		return r.Header.Get("Authorization")
	}
	require.Equal(t, "Bearer access-1", sent())
	clock.now = clock.now.Add(58 * time.Minute)
	require.Equal(t, "Bearer access-1", sent())
	clock.now = clock.now.Add(90 * time.Second)
	require.Equal(t, "Bearer access-2", sent())
	require.Equal(t, []string{"refresh-0", "refresh-0"}, used)
}
