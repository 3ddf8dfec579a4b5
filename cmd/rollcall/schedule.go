package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"rollcall/sync"
)

// Limits of the daemon's own work. The engine keeps the retries of streams;
// these are for a sync that could not even be run, and for builds.
const (
	firstRetry = time.Minute
	lastRetry  = time.Hour
	longestNap = time.Minute // a clock that jumps is noticed by then
	shortNap   = time.Second
	buildAfter = 15 * time.Minute // builds wait for running syncs this long
	maxBusy    = 4                // instances synced at once
)

// backingOff is an instance, or the build, that failed some times in a row.
type backingOff struct {
	delay time.Duration
	until time.Time
}

func (b *backingOff) fail(now time.Time) {
	b.delay = min(max(2*b.delay, firstRetry), lastRetry)
	b.until = now.Add(b.delay)
}

// buildKey is the build's place among the instances in daemon.retry; no
// instance can be called so.
const buildKey = "(build)"

// loop works by schedule until ctx ends, then waits for what is running, which
// ctx has told to stop.
func (d *daemon) loop(ctx context.Context) {
	var firstDirty time.Time
	for ctx.Err() == nil {
		d.startDue(ctx)
		now := d.app.now()
		d.dirty = d.dirty || !d.inBuild && d.builtOn != d.today(now)
		if d.dirty && firstDirty.IsZero() {
			firstDirty = now
		}
		if d.dirty && !d.inBuild && d.mayTry(buildKey, now) && (len(d.busy) == 0 || now.Sub(firstDirty) > buildAfter) {
			d.startBuild(ctx, now)
			firstDirty = time.Time{}
		}
		d.wait(ctx)
	}
	for len(d.busy) > 0 || d.inBuild {
		d.finish()
	}
}

func (d *daemon) mayTry(key string, now time.Time) bool {
	b, failed := d.retry[key]
	return !failed || !now.Before(b.until)
}

// startDue starts one sync for each instance that is due, at rest, and not
// backing off. The engine skips and counts streams that overlap with a sync
// from the command line. A lake that cannot be read is looked at again after
// the next nap: what is running must be waited for in any case.
func (d *daemon) startDue(ctx context.Context) {
	due, err := d.engine.Due(ctx, d.app.now())
	if err != nil && ctx.Err() == nil {
		d.log.Error("what is due cannot be told", "err", err)
	}
	for _, selection := range due {
		if len(d.busy) >= maxBusy || d.busy[selection.Instance] || !d.mayTry(selection.Instance, d.app.now()) {
			continue
		}
		d.busy[selection.Instance] = true
		go func() {
			result, err := d.runStreams(ctx, sync.Request{Selections: []sync.Selection{selection}})
			d.done <- syncedDone{selection.Instance, result.Runs, err}
		}()
	}
}

// today is the local date, which a build takes as its own: with it periods
// end, mature and become final, also where nothing new was read.
func (d *daemon) today(now time.Time) string {
	return now.In(d.config().TimeZone).Format(time.DateOnly)
}

func (d *daemon) startBuild(ctx context.Context, now time.Time) {
	d.inBuild, d.dirty, d.builtOn = true, false, d.today(now)
	go func() {
		_, _, err := d.buildAndPublish(ctx)
		d.built <- err
	}()
}

// wait sleeps until something happens or is due.
func (d *daemon) wait(ctx context.Context) {
	nap := longestNap
	now := d.app.now()
	if next, err := d.engine.NextDue(ctx, now); err == nil && !next.IsZero() && len(d.busy) < maxBusy {
		nap = min(nap, max(next.Sub(now), shortNap))
	}
	select {
	case <-ctx.Done():
	case <-d.app.after(nap):
	case <-d.reloads:
		d.reloadConfig(ctx)
	case done := <-d.done:
		d.synced(done)
	case err := <-d.built:
		d.builtOne(err)
	}
}

// finish waits for one running thing to end.
func (d *daemon) finish() {
	select {
	case done := <-d.done:
		d.synced(done)
	case err := <-d.built:
		d.builtOne(err)
	}
}

func (d *daemon) synced(done syncedDone) {
	delete(d.busy, done.instance)
	d.reportSync(done)
	if !failed(done) {
		delete(d.retry, done.instance)
	} else {
		d.backOff(done.instance)
	}
	for _, run := range done.runs {
		d.dirty = d.dirty || run.Appended > 0 || run.Tombstones > 0
	}
}

// failed tells a sync that could not be run from one whose streams have their
// own outcomes, and so their own retries in the engine. A failure that the
// lake could not note has no number: the engine finds the stream due at once.
func failed(done syncedDone) bool {
	unnoted := slices.ContainsFunc(done.runs, func(r runResult) bool { return r.Run == 0 && sync.Status(r.Status) == sync.StatusFailed })
	return unnoted || done.err != nil && codeOf(done.err) != exitPartial
}

func (d *daemon) builtOne(err error) {
	d.inBuild = false
	if err == nil || errors.Is(err, context.Canceled) {
		delete(d.retry, buildKey)
		d.noteTry(buildTry{})
		return
	}
	d.log.Error("build or publish failed; the last release stays", "err", err)
	d.dirty = true
	d.backOff(buildKey)
	d.noteTry(buildTry{Error: err.Error(), Next: d.retry[buildKey].until})
}

func (d *daemon) backOff(key string) {
	if d.retry[key] == nil {
		d.retry[key] = &backingOff{}
	}
	d.retry[key].fail(d.app.now())
}
