// Package files is the connector for local files: CSV, JSON lines and Parquet
// found by glob. It has one stream per staging shape; a file block says which
// stream its rows belong to and which column of the file fills which column
// of the shape, so that fields and staging are the same for every file.
//
// A file is read once: its name, size, time and content decide whether it is
// known, renamed, grown or rewritten. See README.md for the settings.
package files

import (
	"context"
	"log/slog"
	"time"

	"rollcall/connectors"
)

// New returns the connector.
func New() connectors.Connector {
	return connector{clock: clock{now: time.Now, sleep: sleep}, log: slog.Default}
}

// clock is the time; tests bring their own.
type clock struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

type connector struct {
	clock clock
	log   func() *slog.Logger // asked late: the child sets its logger up after New
}

// Spec describes the streams: one per staging shape. Kinds and e-mail trust
// depend on the files and are the operator's to say.
func (c connector) Spec() connectors.Spec {
	spec := connectors.Spec{
		Type:     "files",
		Title:    "Files (CSV, JSON lines, Parquet)",
		Docs:     "https://github.com/apache/parquet-format/blob/master/LogicalTypes.md",
		Version:  "4",
		Settings: declared(),
		Staging:  map[string]string{},
	}
	for _, s := range shapes() {
		spec.Streams = append(spec.Streams, s.stream())
		spec.Staging[s.name] = s.staging()
	}
	return spec
}

// Open checks the settings. It looks at no file.
func (c connector) Open(_ context.Context, settings connectors.Settings, _ connectors.Host) (connectors.Source, error) {
	sets, err := fileSets(settings)
	if err != nil {
		return nil, err
	}
	return &source{sets: sets, clock: c.clock, log: c.log()}, nil
}
