package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

func TestAuth_reachesTheServerAndNothingElse(t *testing.T) {
	for name, test := range map[string]struct {
		auth api.Auth
		sent func(r *http.Request) string
		want string
	}{
		"bearer": {api.Bearer{Token: "s3cr3t"}, func(r *http.Request) string { return r.Header.Get("Authorization") }, "Bearer s3cr3t"},
		"basic":  {api.Basic{User: "s3cr3t", Password: "s3cr3t"}, func(r *http.Request) string { return r.Header.Get("Authorization") }, "Basic czNjcjN0OnMzY3IzdA=="},
		"header": {api.HeaderKey{Name: "Api-Key", Key: "s3cr3t"}, func(r *http.Request) string { return r.Header.Get("Api-Key") }, "s3cr3t"},
		"query":  {api.QueryKey{Name: "key", Key: "s3cr3t"}, func(r *http.Request) string { return r.URL.RawQuery }, "a=1&key=s3cr3t"},
	} {
		t.Run(name, func(t *testing.T) {
			b := serve(t, func(w http.ResponseWriter, r *http.Request) {
				require.Equal(t, test.want, test.sent(r))
				w.WriteHeader(422)
				fmt.Fprintf(w, "you sent %s and s3cr3t", test.sent(r))
			}, func(o *api.Options) { o.Auth = test.auth })
			_, err := b.Do(t.Context(), api.Request{Path: "/x?a=1"})
			require.ErrorContains(t, err, "[secret]")
			require.NotContains(t, err.Error()+b.log.String(), "s3cr3t")
			require.NotContains(t, err.Error(), "czNjcjN0")
		})
	}
}

// tokens is an OAuth server: it answers the n-th refresh with token n and
// counts what it was asked.
func tokens(t *testing.T, refreshes *[]string, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, r.ParseForm())
		*refreshes = append(*refreshes, r.Form.Get("grant_type")+" "+r.Form.Get("refresh_token"))
		w.Header().Set("Content-Type", "application/json")
		if status != 0 {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return
		}
		n := len(*refreshes)
		fmt.Fprintf(w, `{"access_token":"access-%d","refresh_token":"refresh-%d","token_type":"bearer","expires_in":3600}`, n, n)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestOAuth_savesARefreshedTokenBeforeUsingIt(t *testing.T) {
	var refreshes []string
	url := tokens(t, &refreshes, 0, "")
	keeper, clock := &host{saveErr: errors.New("disk full")}, newClock()
	auth := &api.OAuth{ClientID: "id", ClientSecret: "shh", TokenURL: url, RefreshToken: "refresh-0", Host: keeper, Clock: clock}
	var used []string
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		keeper.mu.Lock()
		defer keeper.mu.Unlock()
		require.Contains(t, string(keeper.saved[len(keeper.saved)-1]), r.Header.Get("Authorization")[len("Bearer "):])
		used = append(used, r.Header.Get("Authorization"))
		fmt.Fprint(w, `{}`)
	}, func(o *api.Options) { o.Auth = auth; o.Clock = clock })

	_, err := b.Do(t.Context(), api.Request{Path: "/x"})
	require.ErrorContains(t, err, "disk full")
	require.Empty(t, used)
	require.Len(t, refreshes, 1, "a fetched token is saved later, not fetched again: its refresh token may be void")

	keeper.saveErr = nil
	for range 2 {
		_, err = b.Do(t.Context(), api.Request{Path: "/x"})
		require.NoError(t, err)
	}
	clock.now = clock.now.Add(time.Hour)
	_, err = b.Do(t.Context(), api.Request{Path: "/x"})
	require.NoError(t, err)
	require.Equal(t, []string{"Bearer access-1", "Bearer access-1", "Bearer access-2"}, used)
	require.Equal(t, []string{"refresh_token refresh-0", "refresh_token refresh-1"}, refreshes)

	again := &api.OAuth{ClientID: "id", TokenURL: url, RefreshToken: "refresh-0", Saved: keeper.saved[1], Host: keeper, Clock: clock}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	require.NoError(t, again.Apply(t.Context(), r))
	require.Equal(t, "Bearer access-2", r.Header.Get("Authorization"))
}

func TestOAuth_renewsARefusedTokenOnce(t *testing.T) {
	var refreshes []string
	url := tokens(t, &refreshes, 0, "")
	keeper := &host{}
	good := "Bearer access-2"
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != good {
			w.WriteHeader(401)
		}
		fmt.Fprint(w, `{}`)
	}, func(o *api.Options) {
		o.Auth = &api.OAuth{ClientID: "id", ClientSecret: "shh", TokenURL: url, Host: keeper, Clock: o.Clock}
	})
	_, err := b.Do(t.Context(), api.Request{Path: "/x"})
	require.NoError(t, err)
	require.Equal(t, []string{"client_credentials ", "refresh_token refresh-1"}, refreshes)
	good = "none"
	_, err = b.Do(t.Context(), api.Request{Path: "/x"})
	require.ErrorIs(t, err, connectors.ErrUnauthorized)
	require.Len(t, refreshes, 3)
}

func TestOAuth_typesAFailedRefresh(t *testing.T) {
	var transient *connectors.Transient
	for name, test := range map[string]struct {
		status int
		body   string
		check  func(error)
	}{
		"refused": {400, `{"error":"invalid_grant","error_description":"refresh-0 shh"}`, func(err error) { require.ErrorIs(t, err, connectors.ErrUnauthorized) }},
		"down":    {503, `refresh-0`, func(err error) { require.ErrorAs(t, err, &transient) }},
		"cut":     {200, `{"access_token":"refresh-0`, func(err error) { require.ErrorAs(t, err, &transient) }},
	} {
		t.Run(name, func(t *testing.T) {
			var refreshes []string
			url := tokens(t, &refreshes, test.status, test.body)
			b := serve(t, answer(200, `{}`), func(o *api.Options) {
				o.Auth = &api.OAuth{ClientID: "id", ClientSecret: "shh", TokenURL: url, RefreshToken: "refresh-0", Host: o.Host}
			})
			_, err := b.Do(t.Context(), api.Request{Path: "/x"})
			test.check(err)
			require.NotContains(t, err.Error()+b.log.String(), "refresh-0")
			require.NotContains(t, err.Error()+b.log.String(), "shh")
		})
	}
}
