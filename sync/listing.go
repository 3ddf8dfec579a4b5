package sync

import (
	"context"
	"encoding/binary"
	"fmt"

	"rollcall/connectors"
	"rollcall/internal/warehouse"
)

// A listing is a Read that names every live key, so that what it omits is
// gone. Which keys it named is stored with its cursor, so that one which is
// interrupted and resumed still counts.
//
// A listing that fits in one batch never stores its keys: that batch's cursor
// is held back until the next one, and a death in between lists it again.
type listing struct {
	on         bool
	resumed    bool // the keys listed so far are in ops.listing
	stored     bool // this run has stored keys in ops.listing, or resumed
	batches    int
	blind      bool // a reject had no key, so that nobody knows what was listed
	pending    []uint64
	before     connectors.Cursor // what the lake's cursor was
	wasListing bool
}

// add notes a listed key of the batch in hand.
func (g *listing) add(key uint64) {
	if g.on && g.stored {
		g.pending = append(g.pending, key)
	}
}

// load marks what a listing named before it was interrupted.
func (g *listing) load(ctx context.Context, db *warehouse.DB, id streamID, known *contents) error {
	if !g.on || !g.resumed {
		return nil
	}
	rows, err := db.SQL().QueryContext(ctx, "select key_hashes from lake.ops.listing"+whereStream, id.args()...)
	if err != nil {
		return fmt.Errorf("load the listing of %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var hashes []byte
		if err := rows.Scan(&hashes); err != nil {
			return fmt.Errorf("load the listing of %s: %w", id, err)
		}
		for ; len(hashes) >= 8; hashes = hashes[8:] {
			known.see(binary.LittleEndian.Uint64(hashes))
		}
	}
	return rows.Err()
}

// save stores the keys listed so far and reports whether they all are; they
// are not worth it without a cursor to resume from. last says that no further
// batch will do it.
func (g *listing) save(ctx context.Context, tx *warehouse.Tx, id streamID, p *plan, known *contents, hasCursor, last bool) (saved bool, err error) {
	g.batches++
	if g.stored {
		err := writeListing(ctx, tx, id, g.pending)
		g.pending = g.pending[:0]
		return true, err
	}
	if !hasCursor || known == nil || g.batches < 2 && !last {
		return false, nil
	}
	var seen []uint64
	known.each(func(key uint64, v version) bool {
		if v.seen {
			seen = append(seen, key)
		}
		return true
	})
	for key, v := range p.changed {
		if v.seen {
			seen = append(seen, key)
		}
	}
	if err := forgetListing(ctx, tx, id); err != nil {
		return false, err
	}
	g.stored = true
	return true, writeListing(ctx, tx, id, seen)
}

func writeListing(ctx context.Context, tx *warehouse.Tx, id streamID, keys []uint64) error {
	const perRow = 1 << 16
	for len(keys) > 0 {
		part := keys[:min(perRow, len(keys))]
		keys = keys[len(part):]
		hashes := make([]byte, 0, 8*len(part))
		for _, key := range part {
			hashes = binary.LittleEndian.AppendUint64(hashes, key)
		}
		if err := tx.Exec(ctx, "insert into ops.listing values (?, ?, ?, ?)", id.args(hashes)...); err != nil {
			return err
		}
	}
	return nil
}

func forgetListing(ctx context.Context, tx *warehouse.Tx, id streamID) error {
	return tx.Exec(ctx, "delete from ops.listing"+whereStream, id.args()...)
}
