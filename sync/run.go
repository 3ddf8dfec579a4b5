package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"rollcall/connectors"
	"rollcall/internal/warehouse"
)

// Kinds of failure, as ops.run.fault names them.
const (
	faultUnauthorized = "unauthorized"
	faultForbidden    = "forbidden"
	faultRateLimited  = "rate_limited"
	faultTransient    = "transient"
	faultDied         = "died"
	faultConfig       = "config"
	faultStart        = "start" // its process cannot be started
	faultStorage      = "storage"
	faultBug          = "bug"
)

const (
	maxRetries = 4               // of a Read that fails without storing anything new
	maxInRun   = 5 * time.Minute // a longer wait pauses the run instead
)

// A streamRun is one run of one stream in progress.
type streamRun struct {
	engine  *Engine
	child   *child
	loader  *loader
	run     *run
	request Request
	backoff *backoff.ExponentialBackOff
	retries int
	died    bool // the child was restarted once
	expired bool // the cursor was given up once
	note    string
}

// runStream reads one stream to its end, or to what stops it.
func (e *Engine) runStream(ctx context.Context, c *child, stream connectors.Stream, request Request) (*run, error) {
	s, err := e.begin(ctx, c, stream, request)
	if err != nil {
		return nil, err
	}
	defer s.loader.close()
	for again := true; again; {
		before := s.progress()
		err := s.read(ctx)
		if s.progress() != before {
			s.retries = 0
			s.backoff.Reset()
		}
		again = err != nil && s.handle(ctx, err)
		if err == nil {
			s.run.Reason = s.note
		}
	}
	s.end(ctx)
	return s.run, nil
}

// progress is what differs once a Read has stored something new. Records do
// not count: one that ends early without a cursor reads the same ones again.
func (s *streamRun) progress() string {
	return fmt.Sprintf("%d %d %s", s.run.Appended, s.run.Tombstones, s.loader.state.cursor)
}

// end writes the outcome. A lake that cannot be written to is the outcome.
func (s *streamRun) end(ctx context.Context) {
	clean := s.run.Status == statusRunning
	if err := s.loader.finish(ctx, clean); err != nil {
		if storing := s.loader.failure; s.run.Status != StatusFailed || storing == nil {
			s.fail(faultStorage, s.engine.storageReason(err))
		}
		s.run.Finished = s.engine.opts.Clock.Now()
	}
}

// begin notes the run in the lake and decides where it starts.
func (e *Engine) begin(ctx context.Context, c *child, stream connectors.Stream, request Request) (*streamRun, error) {
	ctx = context.WithoutCancel(ctx) // a stop that comes now meets the Read
	id := streamID{c.config.Type, c.config.Name, stream.Name}
	if err := e.opts.DB.Lake.Heal(ctx); err != nil { // the first statement here is a read, which heals nothing by itself
		return nil, err
	}
	if err := ensureTable(ctx, e.opts.DB, id); err != nil {
		return nil, fmt.Errorf("make the table of %s: %w", id, err)
	}
	state, err := loadState(ctx, e.opts.DB.SQL(), id)
	if err != nil {
		return nil, err
	}
	r := &run{Outcome: Outcome{Type: id.typ, Instance: id.instance, Stream: id.stream, RunID: e.runIDs.Add(1),
		Status: statusRunning, Started: e.opts.Clock.Now(), EstimatedFinish: state.estimate.finish}, kind: request.kind()}
	l := &loader{db: e.opts.DB, clock: e.opts.Clock, id: id, stream: stream, events: e.tell, erased: &e.erased, run: r, state: state,
		keepsCursor: request.Since.IsZero(), byAbsence: request.Since.IsZero()}
	l.limitDeletes(c.config.MaxDeleteShare, request.AcceptDeletes)
	l.start(request, c.config.CensusEvery, r.Started)
	if err := e.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error { return r.save(ctx, tx) }); err != nil {
		return nil, fmt.Errorf("note the run of %s: %w", id, err)
	}
	wait := backoff.NewExponentialBackOff()
	wait.MaxElapsedTime = 0
	return &streamRun{engine: e, child: c, loader: l, run: r, request: request, backoff: wait}, nil
}

func (r Request) kind() string {
	switch {
	case !r.Since.IsZero():
		return "since"
	case r.Full:
		return "full"
	}
	return "continue"
}

// start decides whether this Read is a listing of all live keys, and whether
// it goes on with one that was interrupted.
func (l *loader) start(request Request, censusEvery time.Duration, now time.Time) {
	s := &l.state
	l.listing.before, l.listing.wasListing = s.cursor, s.isListing
	fresh := false
	switch {
	case !l.keepsCursor:
		return
	case request.Full:
		fresh = true
	case s.isListing:
		l.listing.on, l.listing.resumed, l.listing.stored = true, true, true
	case l.stream.Mode == connectors.ModeSnapshot:
		fresh = true
	case l.stream.Mode == connectors.ModeCensus:
		fresh = s.listedAt.IsZero() || s.listedAt.After(now) || !now.Before(s.listedAt.Add(censusEvery))
	}
	if fresh {
		l.listing.on, s.cursor, s.isListing = true, nil, false
	}
}

// startOver begins the stream again after its cursor has expired.
func (l *loader) startOver() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.cursor, l.state.isListing = nil, false
	l.listing = listing{on: l.stream.Mode != connectors.ModeIncremental}
	if l.known != nil {
		l.known.forgetSeen()
	}
}

func (s *streamRun) read(ctx context.Context) error {
	source, err := s.child.open(ctx)
	if err != nil {
		return err
	}
	cursor := s.loader.state.cursor
	if !s.request.Since.IsZero() {
		cursor = connectors.SinceCursor(s.request.Since)
	}
	return source.Read(ctx, s.loader.id.stream, cursor, func(b connectors.Batch) error { return s.loader.store(ctx, b) })
}

// handle settles what an error means for the run, and reports whether to read
// again.
func (s *streamRun) handle(ctx context.Context, err error) (again bool) {
	var (
		forbidden *connectors.ErrForbidden
		limited   *connectors.RateLimited
		transient *connectors.Transient
		setting   *connectors.ErrConfig
		died      *connectors.Died
		broken    *breach
		unstarted *startError
	)
	s.loader.mu.Lock()
	failure := s.loader.failure
	s.loader.mu.Unlock()
	switch {
	case errors.As(failure, &broken):
		s.fail(faultBug, broken.Error())
	case failure != nil:
		s.fail(faultStorage, s.engine.storageReason(failure))
	case ctx.Err() != nil:
		s.run.Status, s.run.Reason = StatusInterrupted, "told to stop; the next run goes on from the last stored batch"
	case errors.Is(err, connectors.ErrUnauthorized):
		s.fail(faultUnauthorized, err.Error()+"; check the credentials in the config")
	case errors.As(err, &forbidden):
		s.run.Status, s.run.fault, s.run.Reason = StatusForbidden, faultForbidden, err.Error()
	case errors.As(err, &limited):
		s.pause(limited.Until, err.Error())
	case errors.Is(err, connectors.ErrCursorExpired):
		return s.startOver()
	case errors.As(err, &setting):
		s.fail(faultConfig, err.Error())
	case errors.As(err, &unstarted):
		s.fail(faultStart, err.Error())
	case errors.As(err, &died):
		return s.restart(ctx, died)
	case errors.As(err, &transient):
		return s.retry(ctx, transient)
	default:
		s.fail(faultBug, err.Error())
	}
	return false
}

func (s *streamRun) fail(fault, reason string) {
	s.run.Status, s.run.fault, s.run.Reason = StatusFailed, fault, reason
}

func (s *streamRun) pause(until time.Time, reason string) {
	now := s.engine.opts.Clock.Now()
	if !until.After(now) {
		until = now.Add(time.Minute)
	}
	s.run.Status, s.run.fault, s.run.Reason, s.run.PausedUntil = StatusPaused, faultRateLimited, reason, until
}

func (s *streamRun) startOver() bool {
	if s.expired || !s.request.Since.IsZero() {
		s.fail(faultBug, "the source refused a cursor it was not given before: "+connectors.ErrCursorExpired.Error())
		return false
	}
	s.expired = true
	s.note = "the source no longer accepted the cursor, so the stream was read from the beginning"
	s.engine.opts.Log.Warn("cursor expired, reading from the beginning", s.attrs()...)
	s.loader.startOver()
	return true
}

// restart begins again from the last stored batch with a new child, once.
func (s *streamRun) restart(ctx context.Context, died *connectors.Died) bool {
	s.child.drop(ctx)
	if s.died {
		s.fail(faultDied, died.Error()+"; it was restarted once")
		return false
	}
	s.died = true
	s.engine.opts.Log.Warn("connector died, restarting it once", append(s.attrs(), "err", died)...)
	return true
}

func (s *streamRun) retry(ctx context.Context, transient *connectors.Transient) bool {
	if s.retries++; s.retries > maxRetries {
		s.fail(faultTransient, transient.Error())
		return false
	}
	wait := max(s.backoff.NextBackOff(), transient.After)
	if wait > maxInRun {
		s.pause(s.engine.opts.Clock.Now().Add(wait), transient.Error())
		return false
	}
	s.engine.opts.Log.Warn("reading again after a transient failure", append(s.attrs(), "err", transient, "wait", wait)...)
	if s.engine.opts.Clock.Sleep(ctx, wait) != nil {
		s.run.Status, s.run.Reason = StatusInterrupted, "told to stop while waiting to try again: "+transient.Error()
		return false
	}
	return true
}

func (s *streamRun) attrs() []any {
	return []any{"connector", s.run.Type, "instance", s.run.Instance, "stream", s.run.Stream, "run", s.run.RunID}
}

// storageReason says what a person can do about a lake that refuses rows.
func (e *Engine) storageReason(err error) string {
	if !warehouse.IsDiskFull(err) {
		return err.Error()
	}
	free := ""
	if bytes, statErr := warehouse.FreeDisk(e.config().DataDir); statErr == nil {
		free = fmt.Sprintf(" (%d MB free)", bytes>>20)
	}
	return fmt.Sprintf("disk full: the batch in hand was not stored, everything before it was; free space for %s%s and sync again", e.config().DataDir, free)
}
