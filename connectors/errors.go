package connectors

import (
	"errors"
	"fmt"
	"time"
)

// Errors that mean something to the host. A source returns them from Check
// and Read, wrapped or not; they keep their identity across the wire
// (errors.Is, errors.As). Anything else is a bug in the connector and is
// reported as one.
var (
	// ErrUnauthorized stops the instance until the operator acts.
	ErrUnauthorized = errors.New("the source refuses the credentials")
	// ErrCursorExpired makes the host start the stream from the beginning.
	ErrCursorExpired = errors.New("the source no longer accepts the cursor")
)

// ErrForbidden is a stream the credentials may not read: it is skipped and
// said so, and the others go on.
type ErrForbidden struct {
	Stream string
	Reason string // what is missing: "needs an admin API key"
}

func (e *ErrForbidden) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("stream %s is forbidden to these credentials", e.Stream)
	}
	return fmt.Sprintf("stream %s is forbidden to these credentials: %s", e.Stream, e.Reason)
}

// RateLimited pauses the run until a time; what was stored stays, and the run
// resumes then from its last cursor.
type RateLimited struct{ Until time.Time }

func (e *RateLimited) Error() string {
	return "rate limited until " + e.Until.UTC().Format(time.RFC3339)
}

// Transient is a fault that another try may cure, no sooner than After.
type Transient struct {
	After time.Duration
	Err   error
}

func (e *Transient) Error() string {
	if e.Err == nil {
		return "transient failure"
	}
	return e.Err.Error()
}

func (e *Transient) Unwrap() error { return e.Err }

// ErrConfig is a setting that cannot be used.
type ErrConfig struct {
	Setting string
	Reason  string
}

func (e *ErrConfig) Error() string { return fmt.Sprintf("setting %q: %s", e.Setting, e.Reason) }
