package builtin_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/builtin"
	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	rollcallsql "rollcall/sql"
	"rollcall/transforms"
)

// Every bundled connector's staging SQL keeps the rules of staging and fits
// the shapes: the build refuses what does not.
func TestStaging_isAcceptedByTheBuild(t *testing.T) {
	db, err := warehouse.Open(t.Context(), warehouse.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	cfg := &config.Config{DataDir: t.TempDir(), TimeZone: time.UTC, Currency: "EUR", FiscalYearStart: time.January}
	_, err = db.Migrate(t.Context(), cfg.BackupsDir(), time.Now())
	require.NoError(t, err)
	var sources []transforms.Source
	for _, c := range builtin.Connectors() {
		spec := c.Spec()
		source := transforms.Source{Type: spec.Type, Version: spec.Version, Staging: spec.Staging, Instances: []transforms.Instance{{Name: "x"}}}
		for _, s := range spec.Streams {
			source.Streams = append(source.Streams, transforms.Stream{Name: s.Name, Fields: s.Fields})
		}
		sources = append(sources, source)
	}
	_, err = transforms.New(t.Context(), transforms.Options{DB: db, Config: cfg, SQL: rollcallsql.FS, Sources: sources,
		Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
}
