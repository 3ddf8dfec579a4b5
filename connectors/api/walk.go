package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"rollcall/connectors"
)

// ErrStop, returned by the function given to Walk, ends the walk without an
// error.
var ErrStop = errors.New("stop the walk")

// maxEmptyPages is how many pages without items may follow each other: a range
// of deleted records makes many, a server that leads nowhere any number.
const maxEmptyPages = 10_000

// Walk makes the pager's requests one after the other and calls fn with each
// answer, in order, from one goroutine. While fn runs the next page is fetched
// already (one page ahead, unless Options.NoPrefetch), so that a request's
// waiting hides behind the work on the page before.
//
// It stops at the first error, its own or fn's, and returns it. A server that
// gives the same page for ever ends in a *connectors.Transient naming the
// request: a request made twice in one walk, the same items twice in a row even
// after asking again, or no items for 10,000 pages.
func (c *Client) Walk(ctx context.Context, p Pager, fn func(*Response) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &walk{client: c, pager: p, asked: map[uint64]struct{}{}}
	page := w.fetch(ctx, nil)
	for {
		if page.err != nil || page.resp == nil {
			return page.err
		}
		next := make(chan fetched, 1)
		if !c.options.NoPrefetch {
			resp := page.resp
			go func() { next <- w.fetch(ctx, resp) }()
		}
		if err := fn(page.resp); err != nil {
			return w.abandon(err, cancel, next)
		}
		if c.options.NoPrefetch {
			page = w.fetch(ctx, page.resp)
			continue
		}
		page = <-next
	}
}

// abandon ends the walk with fn's error once the fetch under way is over.
func (w *walk) abandon(err error, cancel func(), next chan fetched) error {
	if !w.client.options.NoPrefetch {
		cancel()
		<-next
	}
	if errors.Is(err, ErrStop) {
		return nil
	}
	return err
}

// A walk remembers what it needs to notice that it goes in circles. One
// goroutine at a time uses it.
type walk struct {
	client *Client
	pager  Pager
	asked  map[uint64]struct{} // hashes of the requests made: 8 bytes a page
	before uint64              // hash of the last page with items
	empty  int                 // pages without items since
}

type fetched struct {
	resp *Response // nil: the walk is over
	err  error
}

func (w *walk) fetch(ctx context.Context, prev *Response) fetched {
	request, done, err := w.pager.Next(prev)
	if done || err != nil {
		return fetched{err: err}
	}
	call, err := w.client.prepare(request)
	if err != nil {
		return fetched{err: err}
	}
	hash := xxhash.New()
	fmt.Fprintf(hash, "%s %s\n", call.request.Method, call.url)
	hash.Write(call.request.Body)
	if _, repeated := w.asked[hash.Sum64()]; repeated {
		return fetched{err: endless(call, "the same request follows again")}
	}
	w.asked[hash.Sum64()] = struct{}{}
	resp, err := w.client.Do(ctx, request)
	if err == nil && w.repeats(resp) {
		// Once may be a slip of a cache in between.
		if resp, err = w.client.Do(ctx, request); err == nil && w.repeats(resp) {
			err = endless(call, "it holds the same items as the page before")
		}
	}
	if err != nil {
		return fetched{err: err}
	}
	if !empty(resp) {
		w.before, w.empty = xxhash.Sum64(resp.Body), 0
	} else if w.empty++; w.empty > maxEmptyPages {
		return fetched{err: endless(call, fmt.Sprintf("%d without items in a row", w.empty))}
	}
	return fetched{resp: resp}
}

func endless(call *call, how string) error {
	return &connectors.Transient{Err: fmt.Errorf("%s: the pages repeat for ever: %s", call.name(), how)}
}

func (w *walk) repeats(resp *Response) bool {
	return w.before != 0 && !empty(resp) && xxhash.Sum64(resp.Body) == w.before
}

// empty reports whether a page has no items. Where Request.Items does not say
// what items are, any body of more than an empty object or array has some.
func empty(resp *Response) bool {
	if resp.Request.Items == "" {
		return len(bytes.TrimSpace(resp.Body)) <= 2
	}
	return isEmpty(resp.page())
}
