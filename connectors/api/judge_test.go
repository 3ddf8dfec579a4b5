package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestDo_namesRefusedCredentials(t *testing.T) {
	b := serve(t, answer(401, `{"error":"bad key k-123"}`), func(o *api.Options) {
		o.Auth = api.HeaderKey{Name: "Api-Key", Key: "k-123"}
	})
	_, err := b.Do(t.Context(), api.Request{Path: "/x"})
	require.ErrorIs(t, err, connectors.ErrUnauthorized)
	require.Contains(t, err.Error(), "GET /x")
	require.NotContains(t, err.Error()+b.log.String(), "k-123")
	require.Len(t, b.host.permits, 1)
}

func TestDo_namesForbiddenStream(t *testing.T) {
	b := serve(t, answer(403, `{"error":"needs an admin"}`))
	_, err := b.Do(t.Context(), api.Request{Path: "/x", Stream: "users"})
	var forbidden *connectors.ErrForbidden
	require.ErrorAs(t, err, &forbidden)
	require.Equal(t, "users", forbidden.Stream)
	require.Contains(t, forbidden.Reason, "needs an admin")
}

func TestDo_keepsOtherStatuses(t *testing.T) {
	b := serve(t, answer(404, strings.Repeat("é", 400)))
	_, err := b.Do(t.Context(), api.Request{Path: "/x?token=hidden"})
	var status *api.StatusError
	require.ErrorAs(t, err, &status)
	require.Equal(t, 404, status.Status)
	require.Equal(t, "/x", status.Path)
	require.Equal(t, strings.Repeat("é", 150), status.Body)
}

func TestDo_waitsOutShortLimits(t *testing.T) {
	limited := true
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if limited {
			limited = false
			answer(429, "slow down", "Retry-After", "12.5")(w, r)
			return
		}
		fmt.Fprint(w, `[]`)
	})
	_, err := b.Do(t.Context(), api.Request{Path: "/x"})
	require.NoError(t, err)
	require.Equal(t, []time.Duration{12500 * time.Millisecond}, b.clock.slept)
	require.Len(t, b.host.permits, 2)
	require.Equal(t, []string{"api:0:2026-03-01T12:00:12Z"}, b.host.reports)
}

func TestDo_givesUpOnLongLimits(t *testing.T) {
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    time.Duration
	}{
		"at once":    {answer(429, "", "Retry-After", "31"), 31 * time.Second},
		"added up":   {answer(429, "", "Retry-After", "11"), 33 * time.Second},
		"never said": {answer(429, ""), 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := serve(t, test.handler)
			started := b.clock.Now()
			_, err := b.Do(t.Context(), api.Request{Path: "/x"})
			var limited *connectors.RateLimited
			require.ErrorAs(t, err, &limited)
			require.True(t, limited.Until.After(b.clock.Now()))
			if test.want > 0 {
				require.Equal(t, started.Add(test.want), limited.Until)
			}
		})
	}
}

func TestDo_honoursRetryAfterOfA503(t *testing.T) {
	b := serve(t, answer(503, "", "Retry-After", "600"))
	_, err := b.Do(t.Context(), api.Request{Path: "/x"})
	var transient *connectors.Transient
	require.ErrorAs(t, err, &transient)
	require.Equal(t, 10*time.Minute, transient.After)
	require.Empty(t, b.clock.slept)
}

func TestDo_endsEndlessBodiesQuickly(t *testing.T) {
	requests := 0
	b := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		requests++
		chunk := []byte(strings.Repeat(" ", 64<<10))
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}, func(o *api.Options) { o.MaxBody = 1 << 20 })
	_, err := b.Do(t.Context(), api.Request{Path: "/x"})
	var transient *connectors.Transient
	require.ErrorAs(t, err, &transient)
	require.ErrorContains(t, err, "larger than allowed")
	require.Equal(t, 1, requests)
}

// A body without a length must not be moved as it grows: a child's limit on
// memory would be met at a third of the limit on bodies.
func TestDo_readsABodyWithoutLengthAtTwiceItsSize(t *testing.T) {
	const limit = 16 << 20
	chunk := []byte(strings.Repeat(" ", 64<<10))
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"text":"`, strings.Repeat("é", 3<<20))
		for r.URL.Path == "/endless" {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
		fmt.Fprint(w, `"}`)
	}, func(o *api.Options) { o.MaxBody = limit })
	allocated := func(path string) (*api.Response, uint64, error) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		resp, err := b.Do(t.Context(), api.Request{Path: path})
		runtime.ReadMemStats(&after)
		return resp, after.TotalAlloc - before.TotalAlloc, err
	}
	resp, _, err := allocated("/whole")
	require.NoError(t, err)
	require.Len(t, resp.Body, 6<<20+len(`{"text":""}`))
	require.Equal(t, strings.Repeat("é", 3<<20), gjson.GetBytes(resp.Body, "text").Str)
	_, size, err := allocated("/endless")
	require.ErrorContains(t, err, "larger than allowed")
	require.Less(t, size, uint64(2*limit), "the server's own 6 MiB of text included")
}

func TestDo_endsSlowBodies(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"items":`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}, func(o *api.Options) { o.Timeout = 20 * time.Millisecond })
	_, err := b.Do(t.Context(), api.Request{Path: "/x"})
	var transient *connectors.Transient
	require.ErrorAs(t, err, &transient)
	require.ErrorContains(t, err, "in time")
	require.Len(t, b.host.permits, 3, "a time-out counts as two tries")
}

func TestDo_boundsGzip(t *testing.T) {
	var small, bomb bytes.Buffer
	zip := func(to *bytes.Buffer, text string) {
		w := gzip.NewWriter(to)
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, w.Close())
	}
	zip(&small, `{"ok":true}`)
	zip(&bomb, `"`+strings.Repeat("a", 3<<20)+`"`)
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "gzip", r.Header.Get("Accept-Encoding"))
		w.Header().Set("Content-Encoding", "gzip")
		body := &small
		if r.URL.Path == "/bomb" {
			body = &bomb
		}
		_, _ = w.Write(body.Bytes())
	}, func(o *api.Options) { o.MaxBody = 1 << 20 })
	resp, err := b.Do(t.Context(), api.Request{Path: "/small"})
	require.NoError(t, err)
	require.JSONEq(t, `{"ok":true}`, string(resp.Body))
	require.Less(t, bomb.Len(), 100<<10)
	_, err = b.Do(t.Context(), api.Request{Path: "/bomb"})
	require.ErrorContains(t, err, "larger than allowed")
}

func TestDo_runsTheRequestsOwnCheck(t *testing.T) {
	b := serve(t, answer(200, `{"errors":[1]}`))
	tries := 0
	_, err := b.Do(t.Context(), api.Request{Path: "/x", Check: func(*api.Response) error {
		tries++
		return &connectors.Transient{Err: errors.New("not ready")}
	}})
	var transient *connectors.Transient
	require.ErrorAs(t, err, &transient)
	require.Equal(t, 6, tries)
	_, err = b.Do(t.Context(), api.Request{Path: "/x", Check: func(*api.Response) error { return connectors.ErrCursorExpired }})
	require.ErrorIs(t, err, connectors.ErrCursorExpired)
}

func TestDo_followsRedirectsOnTheSameHostOnly(t *testing.T) {
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a request left for another host: %v", r.Header)
	}))
	defer stranger.Close()
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/near":
			http.Redirect(w, r, "/there?page=1", http.StatusFound)
		case "/far":
			http.Redirect(w, r, stranger.URL+"/login", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/there":
			require.Equal(t, "secret-key", r.URL.Query().Get("key"))
			fmt.Fprint(w, `{}`)
		}
	}, func(o *api.Options) { o.Auth = api.QueryKey{Name: "key", Key: "secret-key"} })
	resp, err := b.Do(t.Context(), api.Request{Path: "/near"})
	require.NoError(t, err)
	require.Equal(t, "page=1", resp.URL.RawQuery)
	var status *api.StatusError
	var config *connectors.ErrConfig
	_, err = b.Do(t.Context(), api.Request{Path: "/far"})
	require.ErrorAs(t, err, &config)
	require.ErrorContains(t, err, stranger.URL)
	_, err = b.Do(t.Context(), api.Request{Path: "/round"})
	require.ErrorAs(t, err, &status)
	_, err = b.Do(t.Context(), api.Request{Path: stranger.URL + "/x"})
	require.ErrorAs(t, err, &config)
	require.NotContains(t, b.log.String(), "secret-key")
}

func TestDo_stopsWaitingWhenCancelled(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"rate limit": answer(429, "", "Retry-After", "25"),
		"answer":     func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan struct{}, 9)
			b := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked <- struct{}{}
				handler(w, r)
			}, func(o *api.Options) { o.Clock = nil })
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-asked; cancel() }()
			started := time.Now()
			_, err := b.Do(ctx, api.Request{Path: "/x"})
			require.ErrorIs(t, err, context.Canceled)
			require.Less(t, time.Since(started), time.Second)
		})
	}
}

func TestDo_namesAnUnreachableServerWithoutItsQuery(t *testing.T) {
	b := serve(t, answer(200, `{}`), func(o *api.Options) { o.BaseURL = "http://127.0.0.1:1" })
	_, err := b.Do(t.Context(), api.Request{Path: "/x", Query: map[string][]string{"token": {"hidden"}}})
	var transient *connectors.Transient
	require.ErrorAs(t, err, &transient)
	require.ErrorContains(t, err, "GET /x")
	require.NotContains(t, err.Error()+b.log.String(), "hidden")
}

func TestNew_refusesUnusableOptions(t *testing.T) {
	var config *connectors.ErrConfig
	for _, url := range []string{"", "forum.example.com", "ftp://x", "https://a:b@x", "https://x?k=1", "http://[::1", "https:///path"} {
		_, err := api.New(api.Options{BaseURL: url, Host: &host{}})
		require.ErrorAs(t, err, &config, url)
	}
	_, err := api.New(api.Options{BaseURL: "https://x"})
	require.ErrorContains(t, err, "Host")
}
