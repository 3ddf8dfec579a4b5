package sync

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"rollcall/internal/config"
)

// Pauses between tries of a stream that fails, until its schedule is sooner.
const (
	firstRetry = time.Minute
	lastRetry  = time.Hour
)

// history is what the run log says of one stream. Reads since a time do not
// count: they are additions to the schedule.
type history struct {
	lastGood             time.Time // started
	started, finished    time.Time // of the last run
	status               Status
	fault, reason        string
	pausedUntil          time.Time
	failuresSince, skips int64
}

const historyQuery = `
	with run as (
		select * from lake.ops.run where kind <> 'since'
	),
	good as (
		select type, instance, stream, max(run_id) as run_id, max(started_at) as started_at
		from run
		where status in ('ok', 'partial', 'forbidden')
		group by type, instance, stream
	),
	last as (
		select type, instance, stream, max(run_id) filter (where status <> 'skipped') as run_id,
			count(*) filter (where status = 'skipped') as skips
		from run
		group by type, instance, stream
	),
	failed as (
		select run.type, run.instance, run.stream, count(*) as failures
		from run
		left join good on run.type = good.type and run.instance = good.instance and run.stream = good.stream
		where run.status = 'failed' and run.run_id > coalesce(good.run_id, 0)
		group by run.type, run.instance, run.stream
	)
	select last.type, last.instance, last.stream, good.started_at, run.started_at, run.finished_at, coalesce(run.status, ''),
		coalesce(run.fault, ''), coalesce(run.reason, ''), run.paused_until, coalesce(failed.failures, 0), last.skips
	from last
	left join run on last.run_id = run.run_id
	left join good on last.type = good.type and last.instance = good.instance and last.stream = good.stream
	left join failed on last.type = failed.type and last.instance = failed.instance and last.stream = failed.stream`

func (e *Engine) histories(ctx context.Context) (map[streamID]history, error) {
	rows, err := e.opts.DB.SQL().QueryContext(ctx, historyQuery)
	if err != nil && e.opts.DB.Lake.Heal(ctx) == nil { // a checkpoint may have found the disk full
		rows, err = e.opts.DB.SQL().QueryContext(ctx, historyQuery)
	}
	if err != nil {
		return nil, fmt.Errorf("read the run log: %w", err)
	}
	defer rows.Close()
	all := map[streamID]history{}
	for rows.Next() {
		var id streamID
		var h history
		var good, started, finished, paused sql.NullTime
		if err := rows.Scan(&id.typ, &id.instance, &id.stream, &good, &started, &finished, &h.status, &h.fault, &h.reason,
			&paused, &h.failuresSince, &h.skips); err != nil {
			return nil, fmt.Errorf("read the run log: %w", err)
		}
		h.lastGood, h.started, h.finished, h.pausedUntil = good.Time, started.Time, finished.Time, paused.Time
		all[id] = h
	}
	return all, rows.Err()
}

// schedule is the stream's own, else the connector's; nil: never by itself.
func schedule(c config.Connector, stream string) config.Schedule {
	if own, ok := c.Streams[stream]; ok && own.Schedule != nil {
		return own.Schedule
	}
	if declared, ok := c.Spec.Stream(stream); ok && declared.Every > 0 && c.Schedule != nil {
		return every(declared.Every)
	}
	return c.Schedule
}

type every time.Duration

func (d every) Next(t time.Time) time.Time { return t.Add(time.Duration(d)) }

// next says when a stream is due, by its history: a moment in the past if it
// already is, zero if never.
func (h history) next(s config.Schedule, now time.Time) time.Time {
	if s == nil {
		return time.Time{}
	}
	if h.started.IsZero() || h.started.After(now) {
		return now // never run, or under a clock that was set back since
	}
	scheduled := s.Next(h.started)
	switch h.status {
	case StatusPaused:
		return h.pausedUntil
	case StatusInterrupted:
		return h.started
	case StatusFailed:
		if h.fault == faultUnauthorized || h.fault == faultConfig {
			return scheduled // asking again sooner helps nobody
		}
		wait := lastRetry
		if h.failuresSince < 7 {
			wait = min(lastRetry, firstRetry<<max(h.failuresSince-1, 0))
		}
		if retry := h.finished.Add(wait); retry.Before(scheduled) {
			return retry
		}
	}
	return scheduled
}

// Due lists what the schedules want run at now: what was never run, what its
// schedule has come round to since its last run, what was interrupted, and
// what was paused until now or failed a while ago. A run in progress is not
// due. The instance that has waited longest comes first, so that a caller who
// runs only some at once gets round to all.
func (e *Engine) Due(ctx context.Context, now time.Time) ([]Selection, error) {
	histories, err := e.histories(ctx)
	if err != nil {
		return nil, err
	}
	var due []Selection
	waiting := map[string]time.Time{} // instance -> when the longest waiting of its due streams began last
	for _, c := range e.config().Connectors {
		selection := Selection{Instance: c.Name}
		for _, stream := range c.Spec.Streams {
			id := streamID{c.Type, c.Name, stream.Name}
			next := histories[id].next(schedule(c, stream.Name), now)
			if c.Reads(stream.Name) && !next.IsZero() && !next.After(now) && !e.isBusy(id) {
				if began := histories[id].started; len(selection.Streams) == 0 || began.Before(waiting[c.Name]) {
					waiting[c.Name] = began
				}
				selection.Streams = append(selection.Streams, stream.Name)
			}
		}
		if len(selection.Streams) > 0 {
			due = append(due, selection)
		}
	}
	slices.SortStableFunc(due, func(a, b Selection) int { return waiting[a.Instance].Compare(waiting[b.Instance]) })
	return due, nil
}

// NextDue says when Due next returns something; zero: never. It is now, at
// the earliest.
func (e *Engine) NextDue(ctx context.Context, now time.Time) (time.Time, error) {
	histories, err := e.histories(ctx)
	if err != nil {
		return time.Time{}, err
	}
	var first time.Time
	for _, c := range e.config().Connectors {
		for _, stream := range c.Spec.Streams {
			id := streamID{c.Type, c.Name, stream.Name}
			next := histories[id].next(schedule(c, stream.Name), now)
			if !c.Reads(stream.Name) || next.IsZero() || e.isBusy(id) {
				continue
			}
			if next.Before(now) {
				next = now
			}
			if first.IsZero() || next.Before(first) {
				first = next
			}
		}
	}
	return first, nil
}

func (e *Engine) isBusy(id streamID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.busy[id]
}
