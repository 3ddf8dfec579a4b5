package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"rollcall/connectors"
)

// Backoff between tries of a request that met a server fault: doubled from
// the first to the longest, each shifted at random by half of itself.
const (
	firstBackoff   = 200 * time.Millisecond
	longestBackoff = 15 * time.Second
)

// Do makes a request and returns its complete answer. It asks the host for a
// permit before every try, tries again after faults that may pass, and waits
// out rate limits up to Options.MaxWait.
//
// It returns connectors.ErrUnauthorized for 401, *connectors.ErrForbidden for
// 403, *connectors.RateLimited for a longer wait, *connectors.Transient for
// time-outs, broken connections, 5xx and answers that are not what they should
// be, *StatusError for other statuses from 300 on, the context's error when it is
// cancelled, and whatever typed error the host or Request.Check returns.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	call, err := c.prepare(r)
	if err != nil {
		return nil, err
	}
	for {
		resp, err := c.try(ctx, call)
		if err == nil {
			return resp, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		wait, err := call.again(err, c.options)
		if err != nil {
			return nil, err
		}
		if err := c.options.Clock.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// A fault is a failed try that another try may cure. Do turns the last one
// into the error it returns.
type fault struct {
	err      error         // what went wrong, with method and path
	wait     time.Duration // what the server asked for; 0: not said
	limited  bool          // a rate limit, not a failure
	timedOut bool
	final    bool // transient, but another try at once would cost too much
	refresh  bool // the token was refused and has been dropped: try with a new one
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// again decides after a failed try: how long to wait for the next one, or the
// error that ends the call.
func (call *call) again(err error, o Options) (time.Duration, error) {
	var f *fault
	if !errors.As(err, &f) {
		return 0, err
	}
	switch {
	case f.limited:
		return call.againLimited(f, o)
	case f.refresh:
		return 0, nil
	case f.final:
		return 0, &connectors.Transient{Err: f.err}
	}
	call.tries++
	if f.timedOut {
		call.tries++
	}
	wait := max(call.backoff.NextBackOff(), f.wait)
	if call.tries >= o.MaxTries || wait > o.MaxWait {
		return 0, &connectors.Transient{After: wait, Err: f.err}
	}
	return wait, nil
}

// againLimited waits out a rate limit while all its waits of this call
// together stay within MaxWait.
func (call *call) againLimited(f *fault, o Options) (time.Duration, error) {
	wait := f.wait
	if wait <= 0 {
		wait = max(call.backoff.NextBackOff(), time.Second)
	}
	call.waits++
	call.waited += wait
	if call.waited > o.MaxWait || call.waits >= o.MaxTries {
		return 0, fmt.Errorf("%s: %w", call.name(), &connectors.RateLimited{Until: o.Clock.Now().Add(wait)})
	}
	return wait, nil
}

func newBackoff() *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstBackoff),
		backoff.WithMaxInterval(longestBackoff),
		backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(0.5),
		backoff.WithMaxElapsedTime(0),
	)
}
