package github

import (
	"context"
	"errors"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

const (
	// settle is how far a catch-up goes below the time a walk began, for
	// changes that reach GitHub's replicas late.
	settle = time.Minute
	// maxCatchUps bounds the walks that follow a moving list.
	maxCatchUps = 5
	// maxRestarts bounds how often a walk starts over for a stale cursor.
	maxRestarts = 3
)

// A newest is a connection that lists its latest change first.
type newest struct {
	connection
	items string // "nodes" or "edges"
	time  string // path of an item's time
	// read makes a page's records, with the scopes it completes.
	read func(ctx context.Context, items []gjson.Result) ([]connectors.Record, []string, error)
}

// newestFirst walks down to at.Floor and then catches up: what changes during
// a walk moves to the top of the list, above where the walk is, so the top is
// read again, down to when the walk began, until that takes one page. Without
// it, a full listing would lack live records. The place moves down with each
// page; the repository's own mark moves only when all of it is read.
func (r *reading) newestFirst(ctx context.Context, repo repository, at place, n newest) error {
	restarts := 0
	for catchUps := 0; ; catchUps++ {
		whole := at.After == "" // in one page, if that is all there is
		if at.Target == 0 {
			at.Target = r.position.Target
		}
		pages, err := r.walkDown(ctx, repo, &at, n)
		switch {
		case errors.Is(err, errStaleCursor) && restarts < maxRestarts:
			restarts++
			at.After = ""
			catchUps--
			continue
		case errors.Is(err, errStaleCursor):
			return &connectors.Transient{Err: err}
		case err != nil:
			return err
		case whole && pages <= 1 || catchUps == maxCatchUps:
			return nil
		}
		at = place{Part: at.Part, Floor: max(1, at.Target-int64(settle/time.Second)), Target: r.latest.Unix()}
		if err := r.page(repo, at, nil, nil); err != nil {
			return err
		}
	}
}

// walkDown reads pages from at on until one reaches below the floor.
func (r *reading) walkDown(ctx context.Context, repo repository, at *place, n newest) (pages int, err error) {
	err = r.walk(ctx, n.connection, at.After, func(list gjson.Result, next string) error {
		pages++
		items, below, err := above(given(list, n.items), n.time, at.Floor)
		if err != nil {
			return err
		}
		records, scopes, err := n.read(ctx, items)
		if err != nil {
			return err
		}
		if below || next == "" {
			if err := r.part(records, scopes); err != nil {
				return err
			}
			return errEnough
		}
		at.After = next
		return r.page(repo, *at, records, scopes)
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return pages, err
}

// above returns the items at or after floor, and whether some are below it.
func above(items []gjson.Result, path string, floor int64) (kept []gjson.Result, below bool, _ error) {
	for _, item := range items {
		at, err := time.Parse(time.RFC3339, item.Get(path).String())
		if err != nil {
			return nil, false, &connectors.Transient{Err: errors.New("an item of the page has no time at " + path)}
		}
		if at.Unix() < floor {
			below = true
			continue
		}
		kept = append(kept, item)
	}
	return kept, below, nil
}
