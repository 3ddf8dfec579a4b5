package sync

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"rollcall/connectors"
	"rollcall/internal/warehouse"
)

// streamID names one stream of one instance.
type streamID struct{ typ, instance, stream string }

func (id streamID) String() string { return id.typ + "." + id.instance + "." + id.stream }

// table is the raw table that all instances of the stream share.
func (id streamID) table() string { return id.typ + "__" + id.stream }

// args are the values of where type = ? and instance = ? and stream = ?.
func (id streamID) args(more ...any) []any {
	return append([]any{id.typ, id.instance, id.stream}, more...)
}

const whereStream = " where type = ? and instance = ? and stream = ?"

// streamState is one row of ops.cursor and the coverage of that stream.
type streamState struct {
	cursor    connectors.Cursor
	isListing bool      // a listing of all live keys is under way
	listedAt  time.Time // start of the last listing that ended cleanly
	live      int64
	deleted   int64
	estimate  estimate
	coverage  []connectors.Interval
}

func loadState(ctx context.Context, db *sql.DB, id streamID) (streamState, error) {
	var s streamState
	var cursor []byte
	var listedAt, finish sql.NullTime
	var pace sql.NullFloat64
	err := db.QueryRowContext(ctx, `select cursor, is_listing, listed_at, live_count, deleted_count, done, total,
		seconds_per_unit, estimated_finish from lake.ops.cursor`+whereStream, id.args()...).
		Scan(&cursor, &s.isListing, &listedAt, &s.live, &s.deleted, &s.estimate.done, &s.estimate.total, &pace, &finish)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s, fmt.Errorf("load the cursor of %s: %w", id, err)
	}
	s.cursor, s.listedAt = cursor, listedAt.Time
	s.estimate.secondsPerUnit, s.estimate.finish = pace.Float64, finish.Time
	rows, err := db.QueryContext(ctx, "select from_at, until_at from lake.ops.coverage"+whereStream+" order by from_at", id.args()...)
	if err != nil {
		return s, fmt.Errorf("load the coverage of %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var interval connectors.Interval
		if err := rows.Scan(&interval.From, &interval.Until); err != nil {
			return s, fmt.Errorf("load the coverage of %s: %w", id, err)
		}
		s.coverage = append(s.coverage, interval)
	}
	return s, rows.Err()
}

// save replaces the stream's row.
func (s *streamState) save(ctx context.Context, tx *warehouse.Tx, id streamID, now time.Time) error {
	if err := tx.Exec(ctx, "delete from ops.cursor"+whereStream, id.args()...); err != nil {
		return err
	}
	var cursor any
	if s.cursor != nil {
		cursor = []byte(s.cursor)
	}
	var pace any
	if s.estimate.secondsPerUnit > 0 {
		pace = s.estimate.secondsPerUnit
	}
	return tx.Exec(ctx, "insert into ops.cursor values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id.args(
		cursor, s.isListing, nullTime(s.listedAt), s.live, s.deleted, s.estimate.done, s.estimate.total,
		pace, nullTime(s.estimate.finish), microseconds(now))...)
}

func (s *streamState) saveCoverage(ctx context.Context, tx *warehouse.Tx, id streamID) error {
	if err := tx.Exec(ctx, "delete from ops.coverage"+whereStream, id.args()...); err != nil {
		return err
	}
	for _, interval := range s.coverage {
		if err := tx.Exec(ctx, "insert into ops.coverage values (?, ?, ?, ?, ?)", id.args(interval.From, interval.Until)...); err != nil {
			return err
		}
	}
	return nil
}

// nullTime is what the lake stores of a time that may be unset.
func nullTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return microseconds(t)
}

// A run is one row of ops.run.
type run struct {
	Outcome
	kind  string // continue, full, since
	fault string
}

// save replaces the run's row.
func (r *run) save(ctx context.Context, tx *warehouse.Tx) error {
	if err := tx.Exec(ctx, "delete from ops.run where run_id = ?", r.RunID); err != nil {
		return err
	}
	return tx.Exec(ctx, "insert into ops.run values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		r.RunID, r.Type, r.Instance, r.Stream, r.kind, string(r.Status), nullText(r.fault), nullText(r.Reason),
		microseconds(r.Started), nullTime(r.Finished), nullTime(r.PausedUntil),
		r.Records, r.Appended, r.Unchanged, r.Tombstones, r.Rejected, r.HeldBack, r.Suppressed)
}

func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// conclude settles the status of a run that was not ended by an error.
func (r *run) conclude(now time.Time, clean bool) {
	r.Finished = now
	switch {
	case !clean:
	case r.HeldBack > 0:
		r.Status = StatusPartial
		r.Reason = fmt.Sprintf("%d records are gone at the source, more than max_delete_share allows at once; nothing of them was marked deleted: look at the source, then sync --full --accept-deletes", r.HeldBack)
	default:
		r.Status = StatusOK
	}
}
