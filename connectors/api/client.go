// Package api is the HTTP toolkit that connectors share: authentication,
// permits, retries, rate limits in the vendors' own forms, bounded bodies and
// page iterators. Every failure it returns is one the host understands
// (connectors.ErrUnauthorized, *connectors.ErrForbidden, …).
package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"rollcall/connectors"
)

// Options configure a Client. The zero value of a field means its default.
type Options struct {
	BaseURL   string            // absolute; a path prefix is kept ("https://host/forum")
	Auth      Auth              // nil: none
	Host      connectors.Host   // grants permits and learns budgets; required
	Bucket    string            // bucket of requests that name none; default "api"
	Header    http.Header       // sent with every request
	UserAgent string            // default "rollcall/1"
	Timeout   time.Duration     // of one request with its body; default 60 s
	MaxBody   int64             // bytes of a response after decompression; default 64 MiB
	MaxWait   time.Duration     // longest wait inside the connector; a longer Retry-After becomes RateLimited; default 30 s
	MaxTries  int               // of one request; default 6
	Limited   LimitedFunc       // tells a rate limit in the vendor's form; default: status 429 with Retry-After
	Budget    BudgetFunc        // reads the remaining budget from headers; default: none
	Log       *slog.Logger      // default slog.Default()
	Transport http.RoundTripper // default http.DefaultTransport; tests put a player here
	Secrets   []string          // never to appear in a log or an error
}

// Auth adds credentials to a request. See Bearer, Basic, HeaderKey, QueryKey
// and OAuth.
type Auth interface {
	Apply(ctx context.Context, r *http.Request) error
}

// LimitedFunc reports whether a response is a rate limit, and how long to
// wait (0: not said). It sees every status, for vendors that send 200 or 403.
type LimitedFunc func(status int, header http.Header, body []byte, now time.Time) (wait time.Duration, limited bool)

// BudgetFunc reads how many requests remain until reset from the headers.
type BudgetFunc func(header http.Header, now time.Time) (remaining int, reset time.Time, ok bool)

// A Request is one request relative to the client's base URL.
type Request struct {
	Method string     // default GET
	Path   string     // "/posts.json"; or an absolute URL on the same host (Link headers)
	Query  url.Values // added to Path's own
	Header http.Header
	Body   []byte // sent again on retry
	Bucket string // default Options.Bucket
	Cost   int    // permits; default 1
	Stream string // named in ErrForbidden when the answer is 403
	Plain  bool   // the body is not JSON: skip the syntax check that makes cut bodies transient
}

// A Response is a complete, bounded, decompressed answer with a status below
// 400; others are errors.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	URL    *url.URL
	Date   time.Time // the server's clock; zero if not sent
}

// StatusError is an answer of 400 and above that is neither a refusal of the
// credentials, a rate limit nor a server fault: 404, 410, 422.
type StatusError struct {
	Status int
	Method string
	Path   string // without the query
	Body   string // its first 300 bytes, secrets taken out
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s: status %d: %s", e.Method, e.Path, e.Status, e.Body)
}

// A Pager says which request follows a response.
type Pager interface {
	// Next returns the request after prev (nil: the first one); done ends the
	// walk. It may be asked again for the same prev.
	Next(prev *Response) (next Request, done bool, err error)
}
