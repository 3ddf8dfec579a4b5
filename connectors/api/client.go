// Package api is the HTTP toolkit that connectors share: authentication,
// permits, retries, rate limits in the vendors' own forms, bounded bodies and
// page iterators. Every failure it returns is one the host understands
// (connectors.ErrUnauthorized, *connectors.ErrForbidden, …) or a *StatusError,
// and none holds a secret.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

// Options configure a Client. The zero value of a field means its default.
type Options struct {
	BaseURL    string            // absolute; a path prefix is kept ("https://host/forum")
	URLSetting string            // the setting BaseURL comes from, named in an ErrConfig about it; default "url"
	Auth       Auth              // nil: none
	Host       connectors.Host   // grants permits and learns budgets; required
	Bucket     string            // bucket of requests that name none; default "api"
	Header     http.Header       // sent with every request
	UserAgent  string            // default "rollcall/1"
	Timeout    time.Duration     // of one request with its body; default 60 s
	MaxBody    int64             // bytes of a response after decompression; default 64 MiB
	MaxDepth   int               // nested arrays and objects of a response; default 200
	MaxWait    time.Duration     // longest wait inside the connector; a longer Retry-After becomes RateLimited; default 30 s
	MaxTries   int               // of one request; default 6, of which a time-out uses two
	NoPrefetch bool              // Walk fetches a page only when the one before is done with: for APIs where a request is dear
	Limited    LimitedFunc       // tells a rate limit in the vendor's form; default: status 429 with Retry-After
	Budget     BudgetFunc        // reads the remaining budget from headers; default: none
	Clock      Clock             // tells the time and waits; default the system's
	Log        *slog.Logger      // default slog.Default()
	Transport  http.RoundTripper // default a transport of the client's own; tests put a player here
	Secrets    []string          // never to appear in a log or an error, beside what Auth adds
}

// A Clock tells the time and waits. Sleep returns the context's error as soon
// as it is cancelled.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
}

// LimitedFunc reports whether a response is a rate limit, and how long to
// wait (0: not said). It sees every status, for vendors that send 200 or 403.
// See OnStatus and AnyLimit.
type LimitedFunc func(status int, header http.Header, body []byte, now time.Time) (wait time.Duration, limited bool)

// BudgetFunc reads how many requests remain until reset from the headers. See
// BudgetHeaders.
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
	// Items is the gjson path of the page's array, "@this" for the body
	// itself. An answer without an array there counts as a server fault and
	// is tried again. Empty: not checked.
	Items string
	// Check looks at an answer before Do returns it. A *connectors.Transient
	// is tried again, any other error ends Do.
	Check func(*Response) error
}

// A Response is a complete, bounded, decompressed answer with a status below
// 400; others are errors. Its body must not be changed: records point into it.
type Response struct {
	Status  int
	Header  http.Header
	Body    []byte
	URL     *url.URL  // where it came from, without credentials
	Date    time.Time // the server's clock; zero if not sent
	Request Request   // what was asked for

	list gjson.Result // the array at Request.Items, found once
}

// Client makes requests to one API with one credential. It is safe for
// concurrent use.
type Client struct {
	options Options
	base    *url.URL
	http    *http.Client
}

// New checks the options and returns a client. It makes no request. A base
// URL that cannot be used is an *connectors.ErrConfig.
func New(o Options) (*Client, error) {
	if o.Host == nil {
		return nil, errors.New("api.New: Options.Host is required")
	}
	o = o.withDefaults()
	base, fault := parseBase(o.BaseURL)
	if fault != "" {
		return nil, &connectors.ErrConfig{Setting: o.URLSetting, Reason: fault}
	}
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	return &Client{options: o, base: base, http: &http.Client{
		Transport: o.Transport,
		// Redirects are followed by send, which knows where credentials may go.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// parseBase returns the base URL, or why it cannot be one.
func parseBase(raw string) (base *url.URL, fault string) {
	base, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, "not a URL: write it as https://host or https://host/path"
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "":
		return nil, "not an absolute http or https URL: write it as https://host or https://host/path"
	case base.User != nil:
		return nil, "holds a user name or password: give credentials in their own settings"
	case base.RawQuery != "" || base.Fragment != "":
		return nil, "holds a query or fragment: give the address up to its path only"
	}
	return base, ""
}

func (o Options) withDefaults() Options {
	setDefault(&o.URLSetting, "url")
	setDefault(&o.Bucket, "api")
	setDefault(&o.UserAgent, "rollcall/1")
	setDefault(&o.Timeout, 60*time.Second)
	setDefault(&o.MaxBody, 64<<20)
	setDefault(&o.MaxDepth, 200)
	setDefault(&o.MaxWait, 30*time.Second)
	setDefault(&o.MaxTries, 6)
	if o.Limited == nil {
		o.Limited = OnStatus(http.StatusTooManyRequests)
	}
	if o.Clock == nil {
		o.Clock = systemClock{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // the client decompresses, within its limits
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
