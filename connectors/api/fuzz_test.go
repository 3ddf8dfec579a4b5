package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// canned answers every request with one body, its page number aside.
type canned struct {
	body   []byte
	header http.Header
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: c.header, Request: r, ContentLength: -1,
		Body: io.NopCloser(bytes.NewReader(c.body))}, nil
}

func cannedClient(t *testing.T, c canned) *api.Client {
	client, err := api.New(api.Options{BaseURL: "http://source.example", Host: &host{}, Clock: newClock(), Transport: c,
		MaxTries: 1, MaxBody: 1 << 16, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return client
}

var bodies = []string{``, `null`, `[]`, `{}`, `{"items":[]}`, `{"items":[{"id":1},{"id":"x"}],"next":"a"}`, `{"items":{"0":1},"next":[1]}`,
	`{"items":[1,]}`, `[[[[[[`, `{"items":[{"id":1}],"next":"http://other.example/x"}`, `{"items":[{"id":1}],"next":"/y?a=b","next":1e999}`,
	"{\"items\":[\"\\ud800\",\"\x00\"]}", `{"items":[1]} x`, "\xef\xbb\xbf[]", `{"a\"":"\\","items":[[]]}`, `{"items":[1`, `"\`}

// Every walk over a server that answers the same body for ever ends, and in a
// failure the host understands unless it reached the end.
func FuzzWalk_ends(f *testing.F) {
	for _, body := range bodies {
		f.Add([]byte(body), `<?page=2>; rel="next"`)
	}
	f.Fuzz(func(t *testing.T, body []byte, link string) {
		client := cannedClient(t, canned{body, http.Header{"Link": {link}}})
		request := api.Request{Path: "/list", Items: "items"}
		for _, pager := range []api.Pager{
			api.Offset{Request: request}, api.Page{Request: request, End: api.End{More: "next"}},
			api.Token{Request: request, Path: "next", Param: "c"}, api.Token{Request: api.Request{Path: "/list"}, Path: "items.#.id", Param: "c"},
			api.Link{Request: request}, api.Link{Request: request, Path: "next"},
			api.Keyset{Request: request, Key: "id", Param: "after"},
		} {
			err := client.Walk(t.Context(), pager, func(r *api.Response) error {
				if !json.Valid(r.Body) {
					t.Fatalf("a body that is no JSON passed: %q", r.Body)
				}
				return r.Items(func(item gjson.Result) error {
					if !json.Valid(api.Raw(item)) {
						t.Fatalf("an item that is no JSON passed: %q of %q", item.Raw, r.Body)
					}
					return nil
				})
			})
			var transient *connectors.Transient
			var elsewhere *connectors.ErrConfig
			if err != nil && !errors.As(err, &transient) && !errors.As(err, &elsewhere) {
				t.Fatalf("untyped failure: %v", err)
			}
		}
	})
}

// Items on bytes that nobody checked may find nonsense, but ends.
func FuzzItems(f *testing.F) {
	for _, body := range bodies {
		f.Add([]byte(body), "items")
	}
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		_ = api.Items(body, "items", func(item gjson.Result) error {
			_ = item.Get("id").String()
			_ = api.Raw(item)
			return nil
		})
	})
}

// Whatever a server asks for, the wait is neither negative nor absurd.
func FuzzOnStatus(f *testing.F) {
	for _, value := range []string{"", "5", "1.5", "-1", "1e400", "NaN", "Inf", "0x10", "Sun, 01 Mar 2026 12:00:00 GMT", "1772366400000"} {
		f.Add(value, `{"wait":`+value+`}`)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value, body string) {
		header := http.Header{"Retry-After": {value}, "Reset": {value}, "Date": {value}}
		for form := api.Seconds; form <= api.EpochMilliseconds; form++ {
			for _, limited := range []api.LimitedFunc{
				api.OnStatus(429), api.OnStatus(429, api.WaitHeader("Reset", form)), api.OnStatus(429, api.WaitBody("wait", form)),
			} {
				wait, ok := limited(429, header, []byte(body), now)
				if !ok || wait < 0 || wait > 366*24*time.Hour {
					t.Fatalf("wait %v, limited %t", wait, ok)
				}
			}
			if left, reset, ok := api.BudgetHeaders("Reset", "Retry-After", form)(header, now); ok && (left < 0 || reset.Before(now)) {
				t.Fatalf("budget %d until %v", left, reset)
			}
		}
	})
}

// A Link header never leads to another host, and reading it ends.
func FuzzLink(f *testing.F) {
	for _, value := range []string{"", `<x>; rel="next"`, `<x>;rel=next, <y>; rel=prev`, `<`, `<x`, `<x>;`, `<x>;;;=,"`, `<x>; rel="a\"next"`,
		`<http://other.example/>; rel=next`, `<//other.example/>; rel="prev next"`, `<http://u:p@source.example/>; rel=next`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		address, err := url.Parse("http://source.example/list")
		require.NoError(t, err)
		prev := &api.Response{Header: http.Header{"Link": {value}}, URL: address}
		next, done, err := api.Link{}.Next(prev)
		if done || err != nil {
			return
		}
		resp, err := cannedClient(t, canned{body: []byte(`{}`)}).Do(t.Context(), next)
		if err == nil && resp.URL.Hostname() != "source.example" {
			t.Fatalf("went to %s", resp.URL)
		}
	})
}
