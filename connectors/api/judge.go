package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"rollcall/connectors"
)

// maxErrorText is how much of an error's body is worth keeping.
const maxErrorText = 300

// StatusError is an answer of 300 and above that is neither a refusal of the
// credentials, a rate limit nor a server fault: 404, 410, 422, a redirect that
// is not followed.
type StatusError struct {
	Status int
	Method string
	Path   string // without the query
	Body   string // its first 300 bytes, secrets taken out
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s: status %d: %s", e.Method, e.Path, e.Status, e.Body)
}

// judge says what an answer means: nil for one to return, a *fault for one to
// try again, or the error that ends the call.
func (c *Client) judge(ctx context.Context, call *call, a *answer) error {
	now := c.options.Clock.Now()
	wait, limited := c.options.Limited(a.status, a.header, a.body, now)
	if !limited && a.status == http.StatusTooManyRequests {
		wait, _ = retryAfter(a.header, nil, now)
		limited = true
	}
	if !limited && (a.status < 300 || a.status == http.StatusNotModified) {
		return c.judgeBody(call, a)
	}
	text := call.excerpt(a.body)
	switch {
	case limited:
		if wait > 0 { // so that whoever shares the credential waits too
			c.options.Host.Report(ctx, call.request.Bucket, 0, now.Add(wait))
		}
		return &fault{err: fmt.Errorf("%s: rate limited: %s", call.name(), text), wait: wait, limited: true}
	case a.status == http.StatusUnauthorized:
		return c.unauthorized(call, text)
	case a.status == http.StatusForbidden:
		return fmt.Errorf("%s: %w", call.name(), &connectors.ErrForbidden{Stream: call.request.Stream, Reason: text})
	case a.status >= 500 || a.status == http.StatusRequestTimeout || a.status == http.StatusTooEarly:
		wait, _ := retryAfter(a.header, nil, now)
		return &fault{err: fmt.Errorf("%s: status %d: %s", call.name(), a.status, text), wait: wait}
	}
	return &StatusError{Status: a.status, Method: call.request.Method, Path: call.path(), Body: text}
}

// unauthorized drops an access token that was refused before its time, once;
// after that the credentials themselves are refused.
func (c *Client) unauthorized(call *call, text string) error {
	err := fmt.Errorf("%s: %w: %s", call.name(), connectors.ErrUnauthorized, text)
	if oauth, ok := c.options.Auth.(*OAuth); ok && !call.renewed {
		call.renewed = true
		oauth.drop()
		return &fault{err: err, refresh: true}
	}
	return err
}

// judgeBody checks that the body of a good status is what was asked for.
func (c *Client) judgeBody(call *call, a *answer) error {
	broken := func(err error) error {
		return &fault{err: fmt.Errorf("%s: %w", call.name(), err), final: errors.Is(err, errTooLarge)}
	}
	if a.cut != nil {
		err := withoutURL(a.cut)
		var timeout interface{ Timeout() bool }
		if errors.As(err, &timeout) && timeout.Timeout() {
			return &fault{err: fmt.Errorf("%s: no complete answer in time", call.name()), timedOut: true}
		}
		return broken(err)
	}
	if call.bodyless(a.status) {
		return nil
	}
	if !call.request.Plain {
		if err := checkJSON(a.body, c.options.MaxDepth); err != nil {
			return broken(err)
		}
	}
	if call.request.Items != "" {
		list, err := array(a.body, call.request.Items)
		if err != nil {
			return broken(err)
		}
		a.list = list
	}
	if call.request.Check != nil {
		return call.checked(call.request.Check(call.response(a)))
	}
	return nil
}

func (call *call) bodyless(status int) bool {
	return call.request.Method == http.MethodHead ||
		status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified
}

// checked turns a transient error of Request.Check into a fault.
func (call *call) checked(err error) error {
	var transient *connectors.Transient
	switch {
	case err == nil:
		return nil
	case errors.As(err, &transient):
		return &fault{err: fmt.Errorf("%s: %w", call.name(), err), wait: transient.After}
	}
	return fmt.Errorf("%s: %w", call.name(), err)
}

// excerpt is the beginning of a body for an error, without secrets.
func (call *call) excerpt(body []byte) string {
	// Cut generously first: a secret across the last cut must still be found.
	text := redact(string(body[:min(len(body), 64<<10)]), call.secrets)
	if len(text) > maxErrorText {
		end := maxErrorText
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	if text == "" {
		return "empty body"
	}
	return text
}
