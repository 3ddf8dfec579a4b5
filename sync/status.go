package sync

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Status describes every stream that is configured or has data, the
// configured ones first, in the order of config and Spec.
func (e *Engine) Status(ctx context.Context) ([]StreamStatus, error) {
	histories, err := e.histories(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := e.kept(ctx)
	if err != nil {
		return nil, err
	}
	now := e.opts.Clock.Now()
	var all []StreamStatus
	for _, c := range e.config().Connectors {
		for _, stream := range c.Spec.Streams {
			id := streamID{c.Type, c.Name, stream.Name}
			if !c.Reads(stream.Name) {
				continue
			}
			s := kept[id].status(id, histories[id])
			s.Mode, s.Configured = string(stream.Mode), true
			s.Next = histories[id].next(schedule(c, stream.Name), now)
			all = append(all, s)
			delete(kept, id)
			delete(histories, id)
		}
	}
	for id, h := range histories {
		if _, found := kept[id]; !found && !(h.status == StatusForbidden && h.lastGood.IsZero()) {
			kept[id] = keptStream{}
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(kept), func(a, b streamID) int { return strings.Compare(a.String(), b.String()) }) {
		all = append(all, kept[id].status(id, histories[id]))
	}
	return all, nil
}

// keptStream is what ops knows of a stream beside its runs.
type keptStream struct {
	live, deleted, rejected int64
	estimatedFinish         time.Time
	from, until             time.Time
	ranges                  int
}

func (k keptStream) status(id streamID, h history) StreamStatus {
	s := StreamStatus{Type: id.typ, Instance: id.instance, Stream: id.stream, LastGood: h.lastGood, LastRun: h.started,
		LastStatus: h.status, Reason: h.reason, CoveredFrom: k.from, CoveredUntil: k.until, CoverageGaps: max(k.ranges-1, 0),
		Rows: k.live, Deleted: k.deleted, Rejected: k.rejected, EstimatedFinish: k.estimatedFinish, Skipped: h.skips}
	if h.status == StatusPaused {
		s.PausedUntil = h.pausedUntil
	}
	return s
}

func (e *Engine) kept(ctx context.Context) (map[streamID]keptStream, error) {
	rows, err := e.opts.DB.SQL().QueryContext(ctx, `
		with coverage as (
			select type, instance, stream, arg_max(from_at, until_at) as from_at, max(until_at) as until_at, count(*) as ranges
			from lake.ops.coverage
			group by type, instance, stream
		),
		rejected as (
			select type, instance, stream, count(*) as records
			from lake.ops.rejected_record
			group by type, instance, stream
		)
		select c.type, c.instance, c.stream, c.live_count, c.deleted_count, coalesce(r.records, 0), c.estimated_finish,
			v.from_at, v.until_at, coalesce(v.ranges, 0)
		from lake.ops.cursor as c
		left join coverage as v on c.type = v.type and c.instance = v.instance and c.stream = v.stream
		left join rejected as r on c.type = r.type and c.instance = r.instance and c.stream = r.stream`)
	if err != nil {
		return nil, fmt.Errorf("read what is kept: %w", err)
	}
	defer rows.Close()
	all := map[streamID]keptStream{}
	for rows.Next() {
		var id streamID
		var k keptStream
		var finish, from, until sql.NullTime
		if err := rows.Scan(&id.typ, &id.instance, &id.stream, &k.live, &k.deleted, &k.rejected, &finish, &from, &until, &k.ranges); err != nil {
			return nil, fmt.Errorf("read what is kept: %w", err)
		}
		k.estimatedFinish, k.from, k.until = finish.Time, from.Time, until.Time
		all[id] = k
	}
	return all, rows.Err()
}
