package api

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

// A Pager says which request follows a response. It keeps no state: the next
// request follows from prev alone, so a walk can be resumed and its pages
// fetched ahead.
type Pager interface {
	// Next returns the request after prev (nil: the first one); done ends the
	// walk. It may be asked again for the same prev, and runs beside the
	// function that handles prev.
	Next(prev *Response) (next Request, done bool, err error)
}

// PagerFunc is a pager of the connector's own. It shares no variable with the
// function given to Walk, which runs at the same time.
type PagerFunc func(prev *Response) (next Request, done bool, err error)

// Next implements Pager.
func (f PagerFunc) Next(prev *Response) (Request, bool, error) { return f(prev) }

// Until ends a walk early: after the first response of which last says so.
func Until(p Pager, last func(*Response) (bool, error)) Pager {
	return PagerFunc(func(prev *Response) (Request, bool, error) {
		if prev != nil {
			if stop, err := last(prev); stop || err != nil {
				return Request{}, true, err
			}
		}
		return p.Next(prev)
	})
}

// End says which page is the last one. An empty page always is, unless More
// is given.
type End struct {
	More  string // gjson path of a flag (or link, or count) that is true, not empty and not 0 while there is more
	Short bool   // a page with fewer items than asked for is the last
}

func (e End) reached(prev *Response, size int) bool {
	if e.More != "" {
		return !truthy(at(prev.Body, e.More))
	}
	return isEmpty(prev.page()) || e.Short && count(prev.page()) < size
}

func truthy(v gjson.Result) bool {
	switch v.Type {
	case gjson.True, gjson.JSON:
		return true
	case gjson.String:
		return v.Str != ""
	case gjson.Number:
		return v.Num != 0
	}
	return false
}

// Offset pages by the number of records before the page:
// ?offset=200&limit=100. The next offset counts the items received, so a
// server that caps the limit loses nothing.
type Offset struct {
	Request   Request // of every page; its Items is required
	Param     string  // default "offset"
	SizeParam string  // default "limit"
	Start     int
	Size      int // 0: the server's own, and SizeParam is not sent
	End       End
}

// Next implements Pager.
func (p Offset) Next(prev *Response) (Request, bool, error) {
	setDefault(&p.Param, "offset")
	setDefault(&p.SizeParam, "limit")
	return counted{p.Request, p.Param, p.SizeParam, p.Start, p.Size, p.End}.next(prev, func(r *Response) int { return count(r.page()) })
}

// Page pages by number: ?page=2&per_page=100.
type Page struct {
	Request   Request // of every page; its Items is required
	Param     string  // default "page"
	SizeParam string  // default "per_page"
	First     int     // number of the first page: 0 or 1, as the vendor counts, or where to resume
	Size      int     // 0: the server's own, and SizeParam is not sent
	End       End
}

// Next implements Pager.
func (p Page) Next(prev *Response) (Request, bool, error) {
	setDefault(&p.Param, "page")
	setDefault(&p.SizeParam, "per_page")
	return counted{p.Request, p.Param, p.SizeParam, p.First, p.Size, p.End}.next(prev, func(*Response) int { return 1 })
}

// counted is what Offset and Page share: a number in the query that grows.
type counted struct {
	request          Request
	param, sizeParam string
	first, size      int
	end              End
}

func (p counted) next(prev *Response, step func(*Response) int) (Request, bool, error) {
	if p.request.Items == "" {
		return Request{}, true, fmt.Errorf("pager of %s: Request.Items is required", withoutQuery(p.request.Path))
	}
	if p.end.Short && p.size == 0 {
		return Request{}, true, fmt.Errorf("pager of %s: End.Short needs Size", withoutQuery(p.request.Path))
	}
	number := p.first
	if prev != nil {
		if p.end.reached(prev, p.size) {
			return Request{}, true, nil
		}
		sent, err := strconv.Atoi(prev.Request.Query.Get(p.param))
		if err != nil {
			return Request{}, true, fmt.Errorf("pager of %s: the page before was asked for without %s", withoutQuery(p.request.Path), p.param)
		}
		number = sent + step(prev)
	}
	next := withQuery(p.request, p.param, strconv.Itoa(number))
	if p.size > 0 {
		next.Query.Set(p.sizeParam, strconv.Itoa(p.size))
	}
	return next, false, nil
}

// Token pages by an opaque cursor that each answer gives for the next
// request. The walk ends when there is none.
type Token struct {
	Request Request // of every page
	Path    string  // gjson path of the token: "response_metadata.next_cursor"
	Param   string  // query parameter it goes into: "cursor"
	Start   string  // token to resume from
	More    string  // gjson path of a flag that is false on the last page although it has a token
}

// Next implements Pager.
func (p Token) Next(prev *Response) (Request, bool, error) {
	token := p.Start
	if prev != nil {
		found := at(prev.Body, p.Path)
		if found.IsArray() || found.IsObject() {
			return Request{}, true, &connectors.Transient{Err: fmt.Errorf("%s holds %s where a token was expected", p.Path, kind(found))}
		}
		token = found.String()
		if !truthy(found) || p.More != "" && !truthy(at(prev.Body, p.More)) {
			return Request{}, true, nil
		}
	}
	if token == "" {
		return p.Request, false, nil
	}
	return withQuery(p.Request, p.Param, token), false, nil
}

// Keyset pages by the key of the last item received: ?after_id=812. It ends
// as End says.
type Keyset struct {
	Request   Request // of every page; its Items is required
	Key       string  // gjson path of the key inside an item: "id"
	Param     string  // query parameter it goes into: "starting_after"
	Start     string  // key to resume after; empty: from the beginning
	SizeParam string  // default "limit"
	Size      int     // 0: the server's own, and SizeParam is not sent
	End       End
}

// Next implements Pager.
func (p Keyset) Next(prev *Response) (Request, bool, error) {
	setDefault(&p.SizeParam, "limit")
	if p.Request.Items == "" {
		return Request{}, true, fmt.Errorf("pager of %s: Request.Items is required", withoutQuery(p.Request.Path))
	}
	key := p.Start
	if prev != nil {
		if p.End.reached(prev, p.Size) || isEmpty(prev.page()) {
			return Request{}, true, nil
		}
		var last gjson.Result
		prev.page().ForEach(func(_, item gjson.Result) bool { last = item; return true })
		if key = last.Get(p.Key).String(); key == "" {
			return Request{}, true, &connectors.Transient{Err: fmt.Errorf("the last item of %s has no %s to go on from", p.Request.Items, p.Key)}
		}
	}
	next := p.Request
	if key != "" {
		next = withQuery(p.Request, p.Param, key)
	}
	if p.Size > 0 {
		next = withQuery(next, p.SizeParam, strconv.Itoa(p.Size))
	}
	return next, false, nil
}

// withQuery is r with one query parameter set, leaving r's own query alone.
func withQuery(r Request, name, value string) Request {
	query := make(url.Values, len(r.Query)+2)
	for key, values := range r.Query {
		query[key] = append([]string(nil), values...)
	}
	query.Set(name, value)
	r.Query = query
	return r
}
