package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// list answers with the numbers from offset up, at most limit (capped at 3)
// of 7, in every paging style at once.
func list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	number := func(name string, fallback int) int {
		if n, err := strconv.Atoi(query.Get(name)); err == nil {
			return n
		}
		return fallback
	}
	size := min(number("limit", 3), number("per_page", 3), 3)
	from := max(number("offset", 0), number("page", 0)*size, number("cursor", 0), number("after", 0))
	until := min(from+size, 7)
	var items []string
	for n := from; n < until; n++ {
		items = append(items, fmt.Sprintf(`{"id":%d}`, n+1))
	}
	more, cursor, next := until < 7, "null", "null"
	if more {
		cursor = fmt.Sprintf(`"%d"`, until)
		next = fmt.Sprintf(`"/list?cursor=%d"`, until)
		w.Header().Add("Link", `</list?cursor=0>; rel="first"`)
		w.Header().Add("Link", fmt.Sprintf(`<https://x/,;>; title="a,b;c", <?cursor=%d>; Rel = "prev next"`, until))
	}
	fmt.Fprintf(w, `{"items":[%s],"more":%t,"cursor":%s,"next":%s}`, strings.Join(items, ","), more, cursor, next)
}

func walk(t *testing.T, b bench, p api.Pager) []string {
	t.Helper()
	var ids []string
	require.NoError(t, b.Walk(t.Context(), p, func(r *api.Response) error {
		return r.Items(func(item gjson.Result) error {
			ids = append(ids, item.Get("id").String())
			return nil
		})
	}))
	return ids
}

func TestWalk_readsEveryPageOnce(t *testing.T) {
	request := api.Request{Path: "/list", Items: "items"}
	for name, test := range map[string]struct {
		pager    api.Pager
		requests int
	}{
		"offset until empty":        {api.Offset{Request: request}, 4},
		"offset, server caps limit": {api.Offset{Request: request, Size: 5}, 4},
		"offset until short":        {api.Offset{Request: request, Size: 3, End: api.End{Short: true}}, 3},
		"offset until flag":         {api.Offset{Request: request, End: api.End{More: "more"}}, 3},
		"page until empty":          {api.Page{Request: request}, 4},
		"page until link is null":   {api.Page{Request: request, End: api.End{More: "next"}}, 3},
		"token":                     {api.Token{Request: request, Path: "cursor", Param: "cursor"}, 3},
		"link header":               {api.Link{Request: request}, 3},
		"link in body":              {api.Link{Request: request, Path: "next"}, 3},
		"keyset":                    {api.Keyset{Request: request, Key: "id", Param: "after"}, 4},
		"keyset until short":        {api.Keyset{Request: request, Key: "id", Param: "after", Size: 3, End: api.End{Short: true}}, 3},
	} {
		for _, ahead := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, ahead %t", name, ahead), func(t *testing.T) {
				b := serve(t, list, func(o *api.Options) { o.NoPrefetch = !ahead })
				require.Equal(t, []string{"1", "2", "3", "4", "5", "6", "7"}, walk(t, b, test.pager))
				require.Len(t, b.host.permits, test.requests)
			})
		}
	}
}

func TestWalk_resumes(t *testing.T) {
	request := api.Request{Path: "/list", Items: "items"}
	for name, pager := range map[string]api.Pager{
		"offset": api.Offset{Request: request, Start: 5},
		"token":  api.Token{Request: request, Path: "cursor", Param: "cursor", Start: "5"},
		"keyset": api.Keyset{Request: request, Key: "id", Param: "after", Start: "5"},
	} {
		require.Equal(t, []string{"6", "7"}, walk(t, serve(t, list), pager), name)
	}
}

func TestWalk_stopsWhereToldTo(t *testing.T) {
	pager := api.Offset{Request: api.Request{Path: "/list", Items: "items"}}
	b := serve(t, list)
	require.Len(t, walk(t, b, api.Until(pager, func(r *api.Response) (bool, error) {
		return gjson.GetBytes(r.Body, "items.0.id").Int() == 4, nil
	})), 6)
	require.Len(t, b.host.permits, 2)

	pages := 0
	require.NoError(t, b.Walk(t.Context(), pager, func(*api.Response) error { pages++; return api.ErrStop }))
	require.Equal(t, 1, pages)
	broken := errors.New("the store is full")
	require.ErrorIs(t, b.Walk(t.Context(), pager, func(*api.Response) error { return broken }), broken)
}

func TestWalk_endsWhenPagesRepeat(t *testing.T) {
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		pager   api.Pager
		want    string
	}{
		"same items":   {answer(200, `{"items":[1,2]}`), api.Page{}, "same items"},
		"same token":   {answer(200, `{"items":[1],"cursor":"a"}`), api.Token{Path: "cursor", Param: "c"}, "same items"},
		"empty, token": {answer(200, `{"items":[],"cursor":"a"}`), api.Token{Path: "cursor", Param: "c"}, "same request"},
		"link circle": {func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(r.URL.Query().Get("n"))
			fmt.Fprintf(w, `{"items":[%d],"next":"/list?n=%d"}`, n, (n+1)%3)
		}, api.Link{Path: "next"}, "same request"},
		"empty for ever": {func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(r.URL.Query().Get("n"))
			fmt.Fprintf(w, `{"items":[],"next":"/list?n=%d"}`, n+1)
		}, api.Link{Path: "next"}, "without items"},
	} {
		t.Run(name, func(t *testing.T) {
			request := api.Request{Path: "/list", Items: "items", Stream: "posts"}
			switch p := test.pager.(type) {
			case api.Page:
				p.Request = request
				test.pager = p
			case api.Token:
				p.Request = request
				test.pager = p
			case api.Link:
				p.Request = request
				test.pager = p
			}
			b := serve(t, test.handler)
			err := b.Walk(t.Context(), test.pager, func(*api.Response) error { return nil })
			var transient *connectors.Transient
			require.ErrorAs(t, err, &transient)
			require.ErrorContains(t, err, "GET /list")
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestWalk_asksAgainForAPageThatCameTwice(t *testing.T) {
	slips := 1
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("offset") == "3" && slips > 0 {
			slips--
			r.URL.RawQuery = "offset=0"
		}
		list(w, r)
	})
	require.Len(t, walk(t, b, api.Offset{Request: api.Request{Path: "/list", Items: "items"}, End: api.End{Short: true}, Size: 3}), 7)
}

func TestWalk_acceptsEqualEmptyPages(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"items":[]}`) })
	window := 0
	pager := api.PagerFunc(func(*api.Response) (api.Request, bool, error) {
		window++
		return api.Request{Path: "/list", Items: "items", Query: url.Values{"before": {strconv.Itoa(window)}}}, window > 5, nil
	})
	require.NoError(t, b.Walk(t.Context(), pager, func(*api.Response) error { return nil }))
	require.Len(t, b.host.permits, 5)
}

func TestWalk_fetchesOnePageAhead(t *testing.T) {
	var asked atomic.Int32
	ahead := make(chan struct{}, 9)
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		ahead <- struct{}{}
		list(w, r)
	})
	pages := int32(0)
	err := b.Walk(t.Context(), api.Offset{Request: api.Request{Path: "/list", Items: "items"}}, func(*api.Response) error {
		pages++
		if pages == 1 {
			<-ahead // the page itself
			<-ahead // the next one, while this one is in hand
		}
		require.LessOrEqual(t, asked.Load(), pages+1)
		return nil
	})
	require.NoError(t, err)
}

func TestWalk_endsWhenCancelled(t *testing.T) {
	b := serve(t, list)
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Walk(ctx, api.Offset{Request: api.Request{Path: "/list", Items: "items"}}, func(*api.Response) error { cancel(); return nil })
	require.ErrorIs(t, err, context.Canceled)
}

func TestPagers_refuseWhatTheyCannotRead(t *testing.T) {
	respond := func(body string) *api.Response {
		address, _ := url.Parse("http://x/list")
		return &api.Response{Body: []byte(body), URL: address, Request: api.Request{Path: "/list", Items: "items"}}
	}
	request := api.Request{Path: "/list?key=hidden", Items: "items"}
	for name, test := range map[string]struct {
		pager api.Pager
		prev  *api.Response
	}{
		"offset without items":       {api.Offset{Request: api.Request{Path: "/list"}}, nil},
		"short without size":         {api.Page{Request: request, End: api.End{Short: true}}, nil},
		"keyset without items":       {api.Keyset{Request: api.Request{Path: "/list"}}, nil},
		"page unlike the one before": {api.Page{Request: request}, respond(`{"items":[1]}`)},
		"token is an object":         {api.Token{Request: request, Path: "next", Param: "c"}, respond(`{"next":{}}`)},
		"address is a number":        {api.Link{Request: request, Path: "next"}, respond(`{"next":5}`)},
		"address is broken":          {api.Link{Request: request, Path: "next"}, respond(`{"next":"http://[::1"}`)},
		"last item without key":      {api.Keyset{Request: request, Key: "id", Param: "after"}, respond(`{"items":[{"id":1},{}]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			_, done, err := test.pager.Next(test.prev)
			require.Error(t, err)
			require.True(t, done)
			require.NotContains(t, err.Error(), "hidden")
		})
	}
}

func TestItems_namesAWrongType(t *testing.T) {
	for body, found := range map[string]string{
		`{}`: "nothing", `{"a":{}}`: "nothing", `{"a":{"b":null}}`: "null", `{"a":{"b":"x"}}`: "string",
		`{"a":{"b":1}}`: "number", `{"a":{"b":true}}`: "boolean", `{"a":{"b":{}}}`: "object",
	} {
		err := api.Items([]byte(body), "a.b", func(gjson.Result) error { return nil })
		var transient *connectors.Transient
		require.ErrorAs(t, err, &transient)
		require.ErrorContains(t, err, "a.b holds "+found)
	}
	require.ErrorContains(t, api.Items([]byte(`{}`), "@this", nil), "the body holds object")
}

func TestItems_givesTheBytesThemselves(t *testing.T) {
	body := []byte(` [ {"a": 1.50 } , "x" ]`)
	var raw []string
	require.NoError(t, api.Items(body, "", func(item gjson.Result) error {
		raw = append(raw, string(api.Raw(item)))
		return nil
	}))
	require.Equal(t, []string{`{"a": 1.50 }`, `"x"`}, raw)
	stop := errors.New("stop")
	require.ErrorIs(t, api.Items(body, "", func(gjson.Result) error { return stop }), stop)
}
