package sync

import (
	"context"
	"time"

	"github.com/cespare/xxhash/v2"

	"rollcall/connectors"
)

// plan compares the batch with what is stored and counts it in the run.
func (l *loader) plan(b connectors.Batch) *plan {
	now := l.clock.Now()
	p := &plan{now: now, day: dayOf(now), changed: map[uint64]version{}}
	p.rows = make([]row, 0, len(b.Records))
	for i := range b.Records {
		l.planRecord(p, &b.Records[i])
	}
	for _, r := range b.Rejects {
		l.planReject(p, reject{key: r.Key, reason: l.erased.cut(r.Reason), size: r.Size, content: liveHash(uint64(r.Size))})
	}
	l.run.Records += int64(len(b.Records) + len(b.Rejects))
	return p
}

func dayOf(t time.Time) uint16 { return uint16(t.Unix() / (24 * 60 * 60)) }

func (l *loader) planRecord(p *plan, r *connectors.Record) {
	if reason := fault(r); reason != "" {
		l.planReject(p, reject{key: r.Key, reason: reason, size: int64(len(r.Data)),
			sample: l.erased.cut(sampleText(r.Data)), content: liveHash(xxhash.Sum64(r.Data))})
		return
	}
	key := keyHash(r.Key)
	if !l.erased.keep(l.id, r) {
		l.list(key)
		l.run.Suppressed++
		return
	}
	if _, found := l.rejected[key]; found {
		p.cured = append(p.cured, r.Key)
	}
	stored, found := l.latest(p, key)
	if r.Deleted {
		l.planDeleted(p, r, key, stored, found)
		return
	}
	l.list(key)
	content, sample := l.hasher.hash(r.Data)
	if found && stored.content == content && (stored.sample == sample || stored.day >= p.day) {
		l.run.Unchanged++
		return
	}
	v := version{number: stored.number + 1, content: content, sample: sample, day: p.day, seen: true}
	p.rows = append(p.rows, row{record: r, key: key, version: v, content: content, sample: sample})
	p.changed[key] = v
	l.run.Appended++
	l.fields.offer(r.Key, r.Data)
}

// planDeleted makes a tombstone that repeats the data last had. One of a key
// never stored is kept if it brings data; else there is nothing to keep.
func (l *loader) planDeleted(p *plan, r *connectors.Record, key uint64, stored version, found bool) {
	v := version{number: stored.number + 1, content: tombstone, day: p.day, seen: true}
	switch {
	case found && stored.content == tombstone, !found && len(r.Data) == 0:
		l.run.Unchanged++
		return
	case found:
		p.gone = append(p.gone, goneKey{key: key, from: stored.number, at: r.At})
	default:
		p.rows = append(p.rows, row{record: r, key: key, version: v, content: tombstone, deleted: true})
	}
	l.run.Tombstones++
	p.changed[key] = v
}

// maxKeyBytes bounds what is kept of a rejected record's key.
const maxKeyBytes = 1000

// planReject keeps a record aside. Its key counts as listed.
func (l *loader) planReject(p *plan, r reject) {
	if l.erased.hides(l.id, r.key) {
		l.run.Suppressed++
		return
	}
	l.run.Rejected++
	l.list(keyHash(r.key))
	if r.key == "" {
		l.listing.blind = true
	}
	r.key = printable(r.key, maxKeyBytes) // it may be what is wrong with the record
	if content, found := l.rejected[r.id()]; found && content == r.content {
		return
	}
	p.rejects = append(p.rejects, r)
}

// id tells rejects apart: by key, and those without a key by content.
func (r reject) id() uint64 {
	if r.key == "" {
		return r.content
	}
	return keyHash(r.key)
}

func (l *loader) list(key uint64) {
	l.known.see(key)
	l.listing.add(key)
}

// latest is what will be stored of a key once the plan so far is.
func (l *loader) latest(p *plan, key uint64) (version, bool) {
	if len(p.changed) > 0 {
		if v, found := p.changed[key]; found {
			return v, true
		}
	}
	return l.known.get(key)
}

// planScopes makes tombstones of what a complete scope does not list.
func (l *loader) planScopes(ctx context.Context, p *plan, scopes []string) error {
	if !l.byAbsence || l.listing.blind { // the nameless record may be of the scope
		return nil
	}
	for _, scope := range scopes {
		keys, err := l.scopes.candidates(ctx, l.db, l.id, l.known, scope)
		if err != nil {
			return err
		}
		l.planAbsent(p, keys)
	}
	return nil
}

// planAbsent makes tombstones of those keys that were not listed, all or none.
func (l *loader) planAbsent(p *plan, keys []uint64) {
	var gone []goneKey
	for _, key := range keys {
		if v, found := l.latest(p, key); found && !v.seen && v.content != tombstone {
			gone = append(gone, goneKey{key: key, from: v.number})
		}
	}
	n := int64(len(gone))
	if l.deletes+n > l.maxDeletes {
		l.run.HeldBack += n
		return
	}
	l.deletes += n
	l.run.Tombstones += n
	for _, g := range gone {
		p.changed[g.key] = version{number: g.from + 1, content: tombstone, day: p.day}
	}
	p.gone = append(p.gone, gone...)
}

// counts says how many keys the plan makes live, and how many gone.
func (p *plan) counts(known *contents) (live, gone int64) {
	for key, v := range p.changed {
		if before, found := known.get(key); found && before.content == tombstone {
			gone--
		} else if found {
			live--
		}
		if v.content == tombstone {
			gone++
		} else {
			live++
		}
	}
	return live, gone
}
