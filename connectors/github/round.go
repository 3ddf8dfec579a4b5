package github

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

const notVisible = "not there, or not visible to the token"

// maxNamed is how many repositories the reason of a skipped stream names.
const maxNamed = 5

// A visit reads one repository from a place on.
type visit func(ctx context.Context, r *reading, repo repository, at place) error

// perRepository makes a stream's Read of a visit.
func perRepository(v visit) func(context.Context, *reading) error {
	return func(ctx context.Context, r *reading) error {
		resumed := r.position.Target != 0
		if err := r.round(ctx, v); err != nil || !resumed {
			return err
		}
		return r.round(ctx, v) // what changed since the round that was cut off began
	}
}

// round takes every repository up to the time the round began. One that
// cannot be read stays where it was and is said at the end; the others go on.
func (r *reading) round(ctx context.Context, v visit) error {
	all, err := r.list(ctx)
	if err != nil {
		return err
	}
	for _, name := range all.unseen {
		r.skip(name, notVisible)
	}
	r.position.begin(all.repositories, all.date)
	r.progress.Total = int64(len(all.repositories))
	for i, repo := range all.repositories {
		r.progress.Done = int64(i)
		if r.position.Done[repo.id] == r.position.Target {
			continue
		}
		if err := r.visit(ctx, v, repo); err != nil {
			return err
		}
	}
	return r.endRound()
}

// visit reads one repository and passes over one that cannot be read.
func (r *reading) visit(ctx context.Context, v visit, repo repository) error {
	err := v(ctx, r, repo, r.position.placeOf(repo, r.stream.Lookback))
	if unreadable, ok := asUnreadable(err); ok {
		r.skip(repo.name, unreadable.reason)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", repo.name, err)
	}
	r.position.finish(repo)
	r.progress.Done++
	return r.emit(connectors.Batch{Cursor: r.position.cursor(), Progress: r.progress})
}

func (r *reading) endRound() error {
	last := connectors.Batch{Progress: r.progress, Covered: r.covered()}
	r.position.end()
	last.Cursor = r.position.cursor()
	if err := r.emit(last); err != nil {
		return err
	}
	return r.sayPassedOver()
}

// covered is the time that a round which left nothing out completes.
func (r *reading) covered() []connectors.Interval {
	from, until := time.Unix(r.position.From, 0).UTC(), time.Unix(r.position.Target, 0).UTC()
	if r.stream.reach > 0 {
		until = until.Truncate(24 * time.Hour)
		if first := until.Add(-r.stream.reach); from.Before(first) {
			from = first
		}
	}
	if len(r.skipped) > 0 || r.stream.Mode == connectors.ModeSnapshot || !from.Before(until) {
		return nil
	}
	return []connectors.Interval{{From: from, Until: until}}
}

// skip notes what could not be read.
func (r *reading) skip(what, reason string) {
	if said := what + ": " + reason; !slices.Contains(r.skipped, said) {
		r.skipped = append(r.skipped, said)
	}
}

// skipPart notes what is missing of a list. Scopes that it may belong to are
// no longer declared complete in this Read.
func (r *reading) skipPart(c connection, reason string) {
	r.partial = true
	r.skip("part of "+c.document, reason)
}

// scopes are what a Read that left out no part may declare complete.
func (r *reading) scopes(path string, ids ...string) []string {
	if r.partial {
		return nil
	}
	scopes := make([]string, 0, len(ids))
	for _, id := range ids {
		scopes = append(scopes, path+"="+id)
	}
	return scopes
}

// sayPassedOver ends a Read that left something out as forbidden: what could
// be read is stored, status says what could not, and a listing that is not
// whole makes nothing a deletion.
func (r *reading) sayPassedOver() error {
	if len(r.skipped) == 0 {
		return nil
	}
	reason := strings.Join(r.skipped[:min(len(r.skipped), maxNamed)], "; ")
	if more := len(r.skipped) - maxNamed; more > 0 {
		reason += fmt.Sprintf("; and %d more", more)
	}
	return &connectors.ErrForbidden{Stream: r.stream.Name, Reason: "read but for " + reason}
}

// page emits records and where to go on after them.
func (r *reading) page(repo repository, at place, records []connectors.Record, scopes []string) error {
	r.position.keep(repo, at)
	return r.emit(connectors.Batch{Records: records, Cursor: r.position.cursor(), Scopes: scopes, Progress: r.progress})
}

// part emits records of a page of which more is to come.
func (r *reading) part(records []connectors.Record, scopes []string) error {
	if len(records) == 0 && len(scopes) == 0 {
		return nil
	}
	return r.emit(connectors.Batch{Records: records, Scopes: scopes, Progress: r.progress})
}

// record makes a record of an object as GitHub sent it.
func record(key string, object gjson.Result, timePath string) connectors.Record {
	at, _ := time.Parse(time.RFC3339, object.Get(timePath).String()) // zero: it has none
	return connectors.Record{Key: key, Data: api.Raw(object), At: at}
}

func asUnreadable(err error) (*errUnreadable, bool) {
	var unreadable *errUnreadable
	return unreadable, errors.As(err, &unreadable)
}
