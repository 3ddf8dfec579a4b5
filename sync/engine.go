package sync

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	gosync "sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"rollcall/connectors"
	"rollcall/internal/config"
)

// maxInstances is how many instances are read at once.
const maxInstances = 4

// An Engine runs streams. Its methods may be called from several goroutines.
type Engine struct {
	opts    Options
	permits *permits
	runIDs  atomic.Int64
	running gosync.WaitGroup
	erased  erased

	mu     gosync.Mutex
	cfg    *config.Config
	busy   map[streamID]bool
	closed bool
}

// New registers the configured instances, ends children that a dead daemon
// left, and closes the runs it left open. It migrates nothing.
func New(ctx context.Context, o Options) (*Engine, error) {
	e := &Engine{opts: o, permits: newPermits(o.Clock), busy: map[streamID]bool{}}
	if err := connectors.SweepLeftovers(filepath.Join(o.Config.DataDir, "run"), o.Log); err != nil {
		return nil, fmt.Errorf("end the children of an earlier daemon: %w", err)
	}
	if err := e.closeDeadRuns(ctx); err != nil {
		return nil, err
	}
	if err := e.Reload(ctx, o.Config); err != nil {
		return nil, err
	}
	return e, nil
}

// Reload takes over another configuration for runs that start from now on. On
// an error the old one stays.
func (e *Engine) Reload(ctx context.Context, c *config.Config) error {
	if err := e.register(ctx, c); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cfg = c
	return nil
}

func (e *Engine) config() *config.Config {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cfg == nil {
		return e.opts.Config
	}
	return e.cfg
}

// Close waits for runs in progress; cancel their context first to make that
// soon.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.running.Wait()
	return nil
}

func (e *Engine) tell(event Event) {
	if e.opts.Events != nil {
		e.opts.Events(event)
	}
}

// Sync runs the streams of the request and returns one outcome for each: the
// streams of one instance one after another, in the order of its Spec,
// several instances at once. The error is for a request that cannot be run;
// what happens to a stream is in its outcome.
func (e *Engine) Sync(ctx context.Context, r Request) ([]Outcome, error) {
	if r.Full && !r.Since.IsZero() {
		return nil, errors.New("a sync is full or since a time, not both")
	}
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil, errors.New("the engine is closed")
	}
	e.running.Add(1)
	e.mu.Unlock()
	defer e.running.Done()

	jobs, err := e.jobs(r)
	if err != nil {
		return nil, err
	}
	outcomes := make([][]Outcome, len(jobs))
	var group errgroup.Group
	group.SetLimit(maxInstances)
	for i, job := range jobs {
		group.Go(func() error {
			outcomes[i] = e.runInstance(ctx, job, r)
			return nil
		})
	}
	_ = group.Wait() // none of them returns an error
	// No write-ahead log should rest on disk. If this fails it stays there,
	// whole, and the next checkpoint takes it.
	if checkpointErr := e.opts.DB.Lake.Checkpoint(context.WithoutCancel(ctx)); checkpointErr != nil {
		e.opts.Log.Warn("the lake's write-ahead log could not be moved into the file", "err", e.storageReason(checkpointErr))
	}
	var all []Outcome
	for _, part := range outcomes {
		all = append(all, part...)
	}
	return all, nil
}

// A job is the streams of one instance to run.
type job struct {
	config  config.Connector
	streams []connectors.Stream
}

func (e *Engine) jobs(r Request) ([]job, error) {
	cfg := e.config()
	selections := r.Selections
	if len(selections) == 0 {
		for _, c := range cfg.Connectors {
			selections = append(selections, Selection{Instance: c.Name})
		}
	}
	var jobs []job
	for _, selection := range selections {
		c, ok := cfg.Connector(selection.Instance)
		if !ok {
			return nil, fmt.Errorf("there is no connector instance %q in %s", selection.Instance, cfg.Path)
		}
		wanted := map[string]bool{}
		for _, name := range selection.Streams {
			if _, ok := c.Spec.Stream(name); !ok {
				return nil, fmt.Errorf("connector %q %q has no stream %q", c.Type, c.Name, name)
			}
			wanted[name] = true
		}
		j := job{config: c}
		for _, stream := range c.Spec.Streams {
			if wanted[stream.Name] || selection.Streams == nil && c.Reads(stream.Name) {
				j.streams = append(j.streams, stream)
			}
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// runInstance runs an instance's streams one after another in one child.
func (e *Engine) runInstance(ctx context.Context, j job, r Request) []Outcome {
	c := &child{engine: e, config: j.config}
	defer c.drop(ctx)
	var outcomes []Outcome
	var stop *run // why the rest of the instance is not run
	for _, stream := range j.streams {
		id := streamID{j.config.Type, j.config.Name, stream.Name}
		ended := e.runOne(ctx, c, stream, r, stop)
		outcomes = append(outcomes, ended.Outcome)
		e.report(id, ended)
		switch ended.fault {
		case faultUnauthorized, faultConfig, faultStart, faultRateLimited, faultStorage:
			stop = ended
		case faultTransient:
			if !c.reachable(ctx) {
				stop = ended // every stream would wait through the same tries
			}
		}
	}
	return outcomes
}

func (e *Engine) runOne(ctx context.Context, c *child, stream connectors.Stream, r Request, stop *run) *run {
	id := streamID{c.config.Type, c.config.Name, stream.Name}
	now := e.opts.Clock.Now()
	unstarted := &run{Outcome: Outcome{Type: id.typ, Instance: id.instance, Stream: id.stream, Started: now, Finished: now}, kind: r.kind()}
	if ctx.Err() != nil {
		unstarted.Status, unstarted.Reason = StatusInterrupted, "told to stop before it began"
		return unstarted
	}
	if stop != nil || !e.claim(id) {
		e.skip(ctx, unstarted, stop)
		return unstarted
	}
	defer e.release(id)
	ended, err := e.runStream(ctx, c, stream, r)
	if err != nil {
		unstarted.Status, unstarted.fault, unstarted.Reason = StatusFailed, faultStorage, e.storageReason(err)
		return unstarted
	}
	return ended
}

// claim takes a stream for one run.
func (e *Engine) claim(id streamID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy[id] {
		return false
	}
	e.busy[id] = true
	return true
}

func (e *Engine) release(id streamID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.busy, id)
}

// report logs the one line of a run and tells whoever listens.
func (e *Engine) report(id streamID, r *run) {
	attrs := []any{"connector", id.typ, "instance", id.instance, "stream", id.stream, "run", r.RunID, "status", string(r.Status),
		"records", r.Records, "appended", r.Appended, "tombstones", r.Tombstones, "rejected", r.Rejected, "suppressed", r.Suppressed, "duration", r.Finished.Sub(r.Started)}
	if r.Reason != "" {
		attrs = append(attrs, "reason", r.Reason)
	}
	if r.Status == StatusFailed {
		e.opts.Log.Error("run ended", attrs...)
	} else {
		e.opts.Log.Info("run ended", attrs...)
	}
	outcome := r.Outcome
	e.tell(Event{Type: id.typ, Instance: id.instance, Stream: id.stream, Records: r.Records, Appended: r.Appended,
		Finish: r.EstimatedFinish, Ended: true, Outcome: &outcome})
}

// Check asks an instance what its credentials may read.
func (e *Engine) Check(ctx context.Context, instance string) (connectors.Access, error) {
	config, ok := e.config().Connector(instance)
	if !ok {
		return connectors.Access{}, fmt.Errorf("there is no connector instance %q in %s", instance, e.config().Path)
	}
	c := &child{engine: e, config: config}
	defer c.drop(ctx)
	source, err := c.open(ctx)
	if err != nil {
		return connectors.Access{}, err
	}
	return source.Check(ctx)
}
