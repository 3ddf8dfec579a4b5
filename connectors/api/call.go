package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"

	"rollcall/connectors"
)

// maxAddress bounds a path with its query; servers refuse longer ones, and a
// source that makes a relative link from each page to the next grows it.
const maxAddress = 8 << 10

// A call is one Do: the request as it will be sent, and what its tries have
// used up so far.
type call struct {
	request Request
	url     *url.URL // without credentials
	backoff *backoff.ExponentialBackOff
	tries   int
	waits   int           // rate limits met
	waited  time.Duration // time spent on them
	renewed bool          // a refused token was renewed once already
	secrets []string
}

func (c *Client) prepare(r Request) (*call, error) {
	setDefault(&r.Method, http.MethodGet)
	setDefault(&r.Bucket, c.options.Bucket)
	setDefault(&r.Cost, 1)
	target, err := c.resolve(r.Path)
	if err != nil {
		return nil, err
	}
	if len(r.Query) > 0 {
		query := target.Query()
		for name, values := range r.Query {
			query[name] = append(query[name], values...)
		}
		target.RawQuery = query.Encode()
	}
	return &call{request: r, url: target, backoff: newBackoff(), secrets: longestFirst(slices.Clone(c.options.Secrets))}, nil
}

// resolve makes the full URL of a request's path, which may be absolute if it
// stays on the base URL's host.
func (c *Client) resolve(path string) (*url.URL, error) {
	if len(path) > maxAddress {
		return nil, &connectors.Transient{Err: fmt.Errorf("request path of %d bytes refused: %.60q…", len(path), withoutQuery(path))}
	}
	ref, err := url.Parse(path)
	if err != nil {
		return nil, fmt.Errorf("request path %q is not a URL", withoutQuery(path))
	}
	if ref.IsAbs() || ref.Host != "" {
		target := c.base.ResolveReference(ref)
		if !sameOrigin(c.base, target) {
			return nil, c.elsewhere("links", target)
		}
		target.User, target.Fragment = nil, ""
		return target, nil
	}
	joined := strings.TrimSuffix(c.base.EscapedPath(), "/") + "/" + strings.TrimPrefix(ref.EscapedPath(), "/")
	target, err := url.Parse(joined)
	if err != nil {
		return nil, fmt.Errorf("request path %q is not a URL", withoutQuery(path))
	}
	target.Scheme, target.Host, target.RawQuery = c.base.Scheme, c.base.Host, ref.RawQuery
	return target, nil
}

// elsewhere is the error of a source that leads to another host, where
// credentials do not go: usually it has moved, or calls itself otherwise than
// the operator does.
func (c *Client) elsewhere(how string, target *url.URL) error {
	return &connectors.ErrConfig{Setting: c.options.URLSetting, Reason: fmt.Sprintf(
		"the source %s to %s://%s, where credentials for %s are not sent: use that address if it is the right one",
		how, target.Scheme, target.Host, c.base.Host)}
}

func withoutQuery(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}

// sameOrigin reports whether credentials for base may be sent to target: the
// same host and port, or the same host moved from http to https.
func sameOrigin(base, target *url.URL) bool {
	if !strings.EqualFold(base.Hostname(), target.Hostname()) {
		return false
	}
	if base.Scheme == "http" && target.Scheme == "https" {
		return base.Port() == "" && target.Port() == "" || base.Port() == target.Port()
	}
	return base.Scheme == target.Scheme && portOf(base) == portOf(target)
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// name is how errors and logs call the request: method and path, no query.
func (call *call) name() string {
	return call.request.Method + " " + call.path()
}

func (call *call) path() string { return redact(call.url.Path, call.secrets) }

// build makes the HTTP request to target with credentials, and adds what Auth
// put into it to the call's secrets.
func (c *Client) build(ctx context.Context, call *call, target *url.URL) (*http.Request, error) {
	var body io.Reader
	if call.request.Body != nil {
		body = bytes.NewReader(call.request.Body)
	}
	r, err := http.NewRequestWithContext(ctx, call.request.Method, target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", call.name(), redact(withoutURL(err).Error(), call.secrets))
	}
	if call.request.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("User-Agent", c.options.UserAgent)
	r.Header.Set("Accept-Encoding", "gzip")
	if !call.request.Plain {
		r.Header.Set("Accept", "application/json")
	}
	for _, header := range []http.Header{c.options.Header, call.request.Header} {
		for name, values := range header {
			r.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if c.options.Auth == nil {
		return r, nil
	}
	before := r.Header.Clone()
	if err := c.options.Auth.Apply(ctx, r); err != nil {
		return nil, authFault(call, err)
	}
	call.secrets = longestFirst(slices.Concat(c.options.Secrets, addedSecrets(before, target, r)))
	return r, nil
}
