package files

import (
	"rollcall/connectors"
)

const (
	pageRecords = 1000
	pageBytes   = 4 << 20
)

// An outbox collects records into batches, over file ends, each with the
// cursor that holds once it is stored.
type outbox struct {
	emit     func(connectors.Batch) error
	progress *progress
	records  []connectors.Record
	bytes    int
	sent     int64 // records
	read     int64 // bytes of files
	expected int64 // bytes of files to read
	touched  bool  // progress has changed since the last batch
}

func newOutbox(emit func(connectors.Batch) error, p *progress) *outbox {
	return &outbox{emit: emit, progress: p}
}

// expect adds bytes that are going to be read.
func (o *outbox) expect(bytes int64) { o.expected += bytes }

// add takes a record. Progress must already be behind it.
func (o *outbox) add(record connectors.Record) error {
	o.records = append(o.records, record)
	o.bytes += len(record.Data)
	o.touched = true
	if len(o.records) < pageRecords && o.bytes < pageBytes {
		return nil
	}
	return o.flush(nil, nil)
}

// flush emits what there is, if there is anything to say.
func (o *outbox) flush(scopes []string, covered []connectors.Interval) error {
	if len(o.records) == 0 && len(scopes) == 0 && len(covered) == 0 && !o.touched {
		return nil
	}
	cursor, err := o.progress.encode()
	if err != nil {
		return err
	}
	o.sent += int64(len(o.records))
	batch := connectors.Batch{Records: o.records, Cursor: cursor, Scopes: scopes, Covered: covered,
		Progress: connectors.Progress{Done: o.sent, Total: o.total()}}
	o.records, o.bytes, o.touched = make([]connectors.Record, 0, min(len(o.records), pageRecords)), 0, false
	return o.emit(batch)
}

// total estimates how many records this Read will emit from the share of
// bytes read; 0 while that is unknown.
func (o *outbox) total() int64 {
	if o.read <= 0 || o.expected <= 0 {
		return 0
	}
	share := min(float64(o.read)/float64(o.expected), 1)
	return max(o.sent, int64(float64(o.sent)/share))
}
