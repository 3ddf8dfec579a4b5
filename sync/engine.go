package sync

import (
	"context"
	"errors"
	"time"

	"rollcall/connectors"
	"rollcall/internal/config"
)

// An Engine runs streams. Its methods may be called from several goroutines.
type Engine struct{ opts Options }

var errTodo = errors.New("not yet")

// New registers the configured instances and closes the runs that a dead
// process left open. It migrates nothing.
func New(ctx context.Context, o Options) (*Engine, error) { return &Engine{o}, errTodo }

// Sync runs the streams of the request and returns one outcome for each.
func (e *Engine) Sync(ctx context.Context, r Request) ([]Outcome, error) { return nil, errTodo }

// Due lists what the schedules want run at now.
func (e *Engine) Due(ctx context.Context, now time.Time) ([]Selection, error) { return nil, errTodo }

// NextDue says when Due next returns something; zero: never.
func (e *Engine) NextDue(ctx context.Context, now time.Time) (time.Time, error) {
	return time.Time{}, errTodo
}

// Status describes every stream configured or kept.
func (e *Engine) Status(ctx context.Context) ([]StreamStatus, error) { return nil, errTodo }

// Check asks an instance what its credentials may read.
func (e *Engine) Check(ctx context.Context, instance string) (connectors.Access, error) {
	return connectors.Access{}, errTodo
}

// Purge removes everything kept of an instance that is no longer configured.
func (e *Engine) Purge(ctx context.Context, instance string) (PurgeReport, error) {
	return PurgeReport{}, errTodo
}

// Reload takes over another configuration for runs that start from now on.
func (e *Engine) Reload(ctx context.Context, c *config.Config) error { return errTodo }

// Close waits for runs in progress.
func (e *Engine) Close() error { return errTodo }
