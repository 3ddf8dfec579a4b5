package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

const maxRedirects = 5

// try makes one request with one permit and judges the answer.
func (c *Client) try(ctx context.Context, call *call) (*Response, error) {
	if err := c.options.Host.Wait(ctx, call.request.Bucket, call.request.Cost); err != nil {
		return nil, fmt.Errorf("%s: wait for a permit: %w", call.name(), err)
	}
	connectors.NoteRequest(ctx, call.request.Method, call.path())
	limited, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	started := c.options.Clock.Now()
	answer, err := c.send(limited, call)
	if err != nil {
		err = call.transportFault(err, limited)
	} else {
		c.report(ctx, call, answer)
		err = c.judge(ctx, call, answer)
	}
	c.log(ctx, call, answer, err, c.options.Clock.Now().Sub(started))
	if err != nil {
		return nil, err
	}
	return call.response(answer), nil
}

// An answer is what came back, its body read and decompressed.
type answer struct {
	status int
	header http.Header
	body   []byte
	list   gjson.Result // the array at Request.Items, once judged
	url    *url.URL
	// cut says why the body is not complete; the status still tells what the
	// server meant.
	cut error
}

// send makes the request and follows redirects within the host, with the
// credentials put in anew each time.
func (c *Client) send(ctx context.Context, call *call) (*answer, error) {
	target := call.url
	for range maxRedirects {
		r, err := c.build(ctx, call, target)
		if err != nil {
			return nil, err
		}
		resp, err := c.http.Do(r)
		if err != nil {
			return nil, err
		}
		a := &answer{status: resp.StatusCode, header: resp.Header, url: target}
		a.body, a.cut = c.readBody(resp)
		next, err := c.redirect(call, a)
		if err != nil || next == nil {
			return a, err
		}
		target = next
	}
	return nil, &StatusError{Status: http.StatusFound, Method: call.request.Method, Path: call.path(),
		Body: fmt.Sprintf("more than %d redirects", maxRedirects)}
}

// redirect returns where a redirect leads, or nil if the answer is none.
func (c *Client) redirect(call *call, a *answer) (*url.URL, error) {
	switch a.status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	refuse := func(reason string) error {
		return &StatusError{Status: a.status, Method: call.request.Method, Path: call.path(), Body: reason}
	}
	next, err := a.url.Parse(a.header.Get("Location"))
	switch {
	case err != nil || a.header.Get("Location") == "":
		return nil, refuse("a redirect without a usable Location")
	case !sameOrigin(a.url, next):
		return nil, c.elsewhere("redirects", next)
	case call.request.Method != http.MethodGet && call.request.Method != http.MethodHead &&
		a.status != http.StatusTemporaryRedirect && a.status != http.StatusPermanentRedirect:
		return nil, refuse("redirects a " + call.request.Method + ", which is not followed")
	}
	next.User, next.Fragment = nil, ""
	return next, nil
}

// transportFault types a failure to get any answer.
func (call *call) transportFault(err error, limited context.Context) error {
	var known *fault
	var status *StatusError
	if errors.As(err, &known) || errors.As(err, &status) || typed(err) {
		return err
	}
	err = withoutURL(err)
	var network net.Error
	timedOut := limited.Err() != nil || errors.As(err, &network) && network.Timeout()
	text := redact(err.Error(), call.secrets)
	if timedOut {
		text = "no complete answer in time"
	}
	return &fault{err: fmt.Errorf("%s: %s", call.name(), text), timedOut: timedOut}
}

// typed reports whether err already is a failure the host understands.
func typed(err error) bool {
	var forbidden *connectors.ErrForbidden
	var limited *connectors.RateLimited
	var transient *connectors.Transient
	var config *connectors.ErrConfig
	return errors.Is(err, connectors.ErrUnauthorized) || errors.Is(err, connectors.ErrCursorExpired) ||
		errors.As(err, &forbidden) || errors.As(err, &limited) || errors.As(err, &transient) || errors.As(err, &config)
}

func (c *Client) report(ctx context.Context, call *call, a *answer) {
	if c.options.Budget == nil {
		return
	}
	if remaining, reset, ok := c.options.Budget(a.header, c.options.Clock.Now()); ok {
		c.options.Host.Report(ctx, call.request.Bucket, remaining, reset)
	}
}

func (c *Client) log(ctx context.Context, call *call, a *answer, err error, took time.Duration) {
	attrs := []slog.Attr{slog.String("method", call.request.Method), slog.String("path", call.path())}
	if a != nil {
		attrs = append(attrs, slog.Int("status", a.status), slog.Int("bytes", len(a.body)))
	}
	attrs = append(attrs, slog.Int64("ms", took.Milliseconds()))
	if err != nil {
		attrs = append(attrs, slog.String("err", redact(err.Error(), call.secrets)))
	}
	c.options.Log.LogAttrs(ctx, slog.LevelDebug, "request", attrs...)
}

func (call *call) response(a *answer) *Response {
	date, _ := http.ParseTime(a.header.Get("Date"))
	return &Response{Status: a.status, Header: a.header, Body: a.body, URL: a.url, Date: date, Request: call.request, list: a.list}
}
