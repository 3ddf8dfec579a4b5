// Package sync runs streams: it starts connectors, stores what they emit in
// the lake's raw tables together with cursor, coverage and run log in one
// transaction, and says what is due when.
package sync

import (
	"context"
	"log/slog"
	"time"

	"rollcall/internal/config"
	"rollcall/internal/warehouse"
)

// A Clock is the time as the engine sees it, so that days pass in no time in
// a test.
type Clock interface {
	Now() time.Time
	// Sleep waits for d or until ctx is done, whose error it then returns.
	Sleep(ctx context.Context, d time.Duration) error
}

// Options are what an Engine needs.
type Options struct {
	DB      *warehouse.DB
	Config  *config.Config
	Clock   Clock
	Log     *slog.Logger
	Events  func(Event)               // told of progress from several goroutines at once; may be nil
	Bundled func(typ string) []string // command of a bundled connector's child
}

// A Request says what to read, and how.
type Request struct {
	Selections    []Selection // none: every enabled stream of every instance
	Since         time.Time   // read again what changed since; zero: go on from the cursor
	Full          bool        // read from the beginning; ended cleanly it counts as a census
	AcceptDeletes bool        // the operator's word that max_delete_share may be passed
}

// A Selection is one instance and some of its streams.
type Selection struct {
	Instance string
	Streams  []string // nil: all enabled
}

// Status is how a run ended.
type Status string

// How a run can end. A stream that was never run has the empty status.
const (
	StatusOK          Status = "ok"
	StatusForbidden   Status = "forbidden"   // the credentials may not read the stream
	StatusPaused      Status = "paused"      // rate limited; resumed at PausedUntil
	StatusPartial     Status = "partial"     // read to the end, but deletes were held back
	StatusFailed      Status = "failed"      // see Reason
	StatusSkipped     Status = "skipped"     // not run: another run is on, or its instance was stopped
	StatusInterrupted Status = "interrupted" // told to stop, or the process died
	statusRunning     Status = "running"
)

// An Outcome is one finished run of one stream.
type Outcome struct {
	Type, Instance, Stream string
	RunID                  int64
	Status                 Status
	Started, Finished      time.Time
	Records                int64 // received, rejected ones included
	Appended               int64 // new versions stored, tombstones not counted
	Unchanged              int64 // equal to the stored version
	Tombstones             int64
	Rejected               int64
	Suppressed             int64     // not stored: about somebody who was erased
	PausedUntil            time.Time // zero unless paused
	EstimatedFinish        time.Time // zero: not known
	HeldBack               int64     // deletes refused by max_delete_share
	Reason                 string    // why it did not end ok, for a person
}

// StreamStatus is what `status` shows of one stream.
type StreamStatus struct {
	Type, Instance, Stream    string
	Mode                      string
	LastGood, LastRun         time.Time // when the last good run, and the last run, started
	LastStatus                Status
	Reason                    string
	CoveredFrom, CoveredUntil time.Time // the latest unbroken range of event time
	CoverageGaps              int       // unbroken ranges less one
	Rows                      int64     // live records
	Deleted                   int64     // records whose latest version is a tombstone
	Rejected                  int64     // records kept aside, not stored since
	Next                      time.Time // when it is next due; zero: never
	PausedUntil               time.Time
	EstimatedFinish           time.Time
	Configured                bool  // false: data kept of an instance no longer in the config
	Skipped                   int64 // runs that met another one in progress
}

// An Event is progress of one run.
type Event struct {
	Type, Instance, Stream string
	Records, Appended      int64 // so far in this run
	Done, Total            int64 // as the source counts; Total 0 if unknown
	Finish                 time.Time
	Ended                  bool
	Outcome                *Outcome // when Ended
}

// A PurgeReport says what Purge removed.
type PurgeReport struct {
	Type, Instance string
	Rows           map[string]int64 // versions by stream
	Token          bool             // a saved OAuth token was removed
}
