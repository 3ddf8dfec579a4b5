package connectortest

import (
	"bytes"
	"fmt"

	"rollcall/connectors"
)

// A lake is what the host makes of the batches it stores: each key's latest
// version, and how many versions were appended.
type lake struct {
	volatile []string
	latest   map[string]connectors.Record
	appended int
}

func newLake(stream connectors.Stream) *lake {
	return &lake{volatile: stream.Volatile, latest: map[string]connectors.Record{}}
}

func (l *lake) clone() *lake {
	c := &lake{volatile: l.volatile, latest: map[string]connectors.Record{}, appended: l.appended}
	for key, record := range l.latest {
		c.latest[key] = record
	}
	return c
}

func (l *lake) store(batches []connectors.Batch) {
	for _, batch := range batches {
		for _, record := range batch.Records {
			before, stored := l.latest[record.Key]
			if stored && before.Deleted == record.Deleted && bytes.Equal(l.content(before), l.content(record)) || !stored && record.Deleted {
				continue
			}
			l.latest[record.Key] = record
			l.appended++
		}
	}
}

// content is a record's data without its volatile members.
func (l *lake) content(r connectors.Record) []byte {
	if r.Deleted {
		return nil
	}
	var content []byte
	kept := 0
	for _, cut := range connectors.NewVolatile(l.volatile).Cuts(r.Data) {
		content = append(content, r.Data[kept:cut[0]]...)
		kept = cut[1]
	}
	return append(content, r.Data[kept:]...)
}

func (l *lake) compare(want *lake) string {
	for key, record := range want.latest {
		got, found := l.latest[key]
		if !found {
			return fmt.Sprintf("record %q is lost", key)
		}
		if got.Deleted != record.Deleted || !bytes.Equal(l.content(got), l.content(record)) {
			return fmt.Sprintf("record %q is not the latest version", key)
		}
	}
	for key := range l.latest {
		if _, found := want.latest[key]; !found {
			return fmt.Sprintf("record %q appears, which a whole Read does not give", key)
		}
	}
	if l.appended != want.appended {
		return fmt.Sprintf("%d versions are appended where a whole Read appends %d", l.appended, want.appended)
	}
	return ""
}
