package sync

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	gosync "sync"
	"time"

	"rollcall/connectors"
	"rollcall/internal/warehouse"
)

// A loader stores what one run of one stream emits.
type loader struct {
	db     *warehouse.DB
	clock  Clock
	id     streamID
	stream connectors.Stream
	events func(Event)
	erased *erased

	mu          gosync.Mutex // held while a batch is stored
	run         *run
	state       streamState
	known       *contents // nil until the first record arrives
	hasher      hasher
	fields      *fields
	rejected    map[uint64]uint64 // rejected key -> content, of ops.rejected_record
	scopes      scopeIndex
	keepsCursor bool // false for a --since read
	byAbsence   bool // may make tombstones of what is not listed
	maxDeletes  int64
	deletes     int64   // tombstones by absence so far
	listing     listing // of all live keys, if this Read is one
	failure     error   // the first error of storing; nothing is stored after it
}

// A plan is what one batch changes.
type plan struct {
	now     time.Time
	day     uint16
	rows    []row
	gone    []goneKey
	rejects []reject
	cured   []string           // keys of ops.rejected_record stored after all
	changed map[uint64]version // applied to the loader's contents after COMMIT
}

// A row is one version to append to raw.
type row struct {
	record          *connectors.Record
	key             uint64
	version         version
	content, sample uint64
	deleted         bool
}

// A goneKey is a tombstone to make of a stored version.
type goneKey struct {
	key  uint64
	from int64 // the version whose data it repeats
	at   time.Time
}

type reject struct {
	key, reason, sample string
	size                int64
	content             uint64
}

// store stores one batch with its cursor, ranges and run log in one
// transaction or not at all. A stop of the daemon does not cut it short.
func (l *loader) store(ctx context.Context, b connectors.Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failure != nil {
		return l.failure
	}
	l.erased.mu.RLock() // what was planned before an erasure must not be stored after it
	defer l.erased.mu.RUnlock()
	if err := l.storeLocked(context.WithoutCancel(ctx), b); err != nil {
		l.failure = err
		if l.fields != nil {
			l.fields.found = nil // they came with records that are not stored
		}
		return err
	}
	return nil
}

func (l *loader) storeLocked(ctx context.Context, b connectors.Batch) error {
	if len(b.Cursor) > connectors.MaxCursorBytes {
		return &breach{fmt.Sprintf("its cursor has %d bytes, the limit is %d", len(b.Cursor), connectors.MaxCursorBytes)}
	}
	if err := l.prepare(ctx, len(b.Records)+len(b.Rejects)+len(b.Scopes) > 0); err != nil {
		return err
	}
	before := *l.run
	p := l.plan(b)
	if err := l.planScopes(ctx, p, b.Scopes); err != nil {
		*l.run = before
		return err
	}
	state := l.state
	if b.Cursor != nil && l.keepsCursor {
		state.cursor = b.Cursor
	}
	var covers bool
	state.coverage, covers = merge(state.coverage, b.Covered)
	state.estimate.update(p.now, b.Progress)
	l.run.EstimatedFinish = state.estimate.finish
	err := l.db.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		if covers {
			if err := state.saveCoverage(ctx, tx, l.id); err != nil {
				return err
			}
		}
		return l.write(ctx, tx, p, &state, false)
	})
	if err != nil {
		*l.run = before
		return fmt.Errorf("store a batch of %s: %w", l.id, err)
	}
	return l.applied(p, state, b.Progress)
}

// prepare loads what is needed once a record has arrived; an empty page needs
// none of it.
func (l *loader) prepare(ctx context.Context, needed bool) error {
	if l.known != nil || !needed {
		return nil
	}
	known, err := loadContents(ctx, l.db, l.id, len(l.stream.Volatile) > 0)
	if err != nil {
		return err
	}
	l.known, l.hasher = known, newHasher(l.stream.Volatile)
	l.scopes = scopeIndex{paths: map[string][]scopedKey{}}
	if l.fields, err = loadFields(ctx, l.db, l.id); err != nil {
		return err
	}
	if l.rejected, err = loadRejected(ctx, l.db, l.id); err != nil {
		return err
	}
	return l.listing.load(ctx, l.db, l.id, known)
}

// limitDeletes fixes how many tombstones by absence the run may make: a share
// of what was live before it.
func (l *loader) limitDeletes(share float64, accepted bool) {
	l.maxDeletes = int64(share*float64(l.state.live) + 1e-9) // 0.29 of 100 is 28.999…
	if accepted {
		l.maxDeletes = l.state.live
	}
}

// write does everything a stored batch does, inside its transaction.
func (l *loader) write(ctx context.Context, tx *warehouse.Tx, p *plan, state *streamState, last bool) error {
	if err := l.append(ctx, tx, p); err != nil {
		return err
	}
	if err := writeGone(ctx, tx, l.id, l.run.RunID, p); err != nil {
		return err
	}
	if err := writeRejects(ctx, tx, l.id, l.run.RunID, p); err != nil {
		return err
	}
	if l.fields != nil {
		if err := writeFields(ctx, tx, l.id, l.run.RunID, p.now, l.fields.found); err != nil {
			return err
		}
	}
	live, deleted := p.counts(l.known)
	state.live, state.deleted = state.live+live, state.deleted+deleted
	if l.keepsCursor && l.listing.on {
		saved, err := l.listing.save(ctx, tx, l.id, p, l.known, state.cursor != nil, last)
		if err != nil {
			return err
		}
		if !saved {
			// The listed keys are not stored, so its cursor must not be.
			unlisted := *state
			unlisted.cursor, unlisted.isListing = l.listing.before, l.listing.wasListing
			return errors.Join(unlisted.save(ctx, tx, l.id, p.now), l.run.save(ctx, tx))
		}
		state.isListing = true
	}
	return errors.Join(state.save(ctx, tx, l.id, p.now), l.run.save(ctx, tx))
}

// applied takes over in memory what was committed.
func (l *loader) applied(p *plan, state streamState, progress connectors.Progress) error {
	l.state = state
	for key, v := range p.changed {
		if err := l.known.put(key, v); err != nil {
			return err
		}
	}
	for _, r := range p.rejects {
		l.rejected[r.id()] = r.content
	}
	for _, key := range p.cured {
		delete(l.rejected, keyHash(key))
	}
	if l.fields != nil {
		l.fields.found = l.fields.found[:0]
	}
	l.events(Event{Type: l.id.typ, Instance: l.id.instance, Stream: l.id.stream, Records: l.run.Records,
		Appended: l.run.Appended, Done: progress.Done, Total: progress.Total, Finish: state.estimate.finish})
	return nil
}

// append writes the new versions.
func (l *loader) append(ctx context.Context, tx *warehouse.Tx, p *plan) error {
	if len(p.rows) == 0 {
		return nil
	}
	var instance, runID, syncedAt driver.Value = []byte(l.id.instance), l.run.RunID, microseconds(p.now)
	values := make([]driver.Value, 11)
	return tx.Append(ctx, "raw", l.id.table(), func(row func(...driver.Value) error) error {
		for i := range p.rows {
			r := &p.rows[i]
			values[0], values[1], values[2], values[3] = instance, []byte(r.record.Key), []byte(r.record.Data), r.deleted
			values[4], values[5], values[6], values[7] = r.version.number, nil, syncedAt, runID
			values[8], values[9], values[10] = r.key, r.content, r.sample
			if !r.record.At.IsZero() {
				values[5] = r.record.At
			}
			if err := row(values...); err != nil {
				return err
			}
		}
		return nil
	})
}

// close releases the hashes once no batch is being stored.
func (l *loader) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known != nil {
		l.known.close()
		l.known = nil
	}
	l.failure = errors.Join(l.failure, errRunEnded)
}

// finish ends the run in the lake, and with it a listing that came to its
// end.
func (l *loader) finish(ctx context.Context, clean bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(l.failure, errRunEnded) {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	listed := clean && l.listing.on && l.failure == nil
	if err := l.prepare(ctx, listed && l.state.live > 0); err != nil {
		return err
	}
	before, now := *l.run, l.clock.Now()
	p := &plan{now: now, day: dayOf(now), changed: map[uint64]version{}}
	state := l.state
	if listed {
		l.planListed(p)
		state.isListing, state.listedAt, l.listing.on = false, l.run.Started, false
		switch {
		case l.stream.Mode == connectors.ModeSnapshot:
			state.cursor = nil // the next Read lists everything again
		case state.cursor == nil:
			state.cursor = l.listing.before // the Read gave none, which keeps the last one
		}
	}
	if clean && l.keepsCursor {
		state.estimate = estimate{}
	}
	l.run.conclude(now, clean)
	err := l.db.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		if listed {
			if err := forgetListing(ctx, tx, l.id); err != nil {
				return err
			}
		}
		return l.write(ctx, tx, p, &state, true)
	})
	if err != nil {
		*l.run = before
		return fmt.Errorf("end the run of %s: %w", l.id, err)
	}
	return l.applied(p, state, connectors.Progress{})
}

// planListed makes tombstones of what a complete listing did not name.
func (l *loader) planListed(p *plan) {
	if l.known == nil || !l.byAbsence {
		return
	}
	if l.listing.blind {
		l.run.Reason = "nothing was taken for deleted: the listing had records without a key"
		return
	}
	var keys []uint64
	l.known.each(func(key uint64, v version) bool {
		if !v.seen && v.content != tombstone {
			keys = append(keys, key)
		}
		return true
	})
	l.planAbsent(p, keys)
}

// A breach is a connector not keeping its side of the contract.
type breach struct{ what string }

func (e *breach) Error() string { return "bug in the connector: " + e.what }

var errRunEnded = errors.New("the run has ended")
