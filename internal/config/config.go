// Package config reads rollcall's HCL configuration. A Config is plain values:
// every setting has been checked, every default filled in, every secret read.
package config

import (
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"rollcall/connectors"
)

// Config is one validated configuration file.
type Config struct {
	Path            string         // the file it was read from
	DataDir         string         // absolute
	TimeZone        *time.Location // in which days, weeks and months are counted
	Currency        string         // ISO 4217, reporting currency
	FiscalYearStart time.Month     // first month of the fiscal year; January: calendar years
	Privacy         Privacy
	Community       Community
	Publish         Publish
	Log             Log
	Memory          Memory
	Metrics         Metrics
	Connectors      []Connector // in file order; names are unique over all types

	Parameters      map[string]string // over those of ref.param, as text
	EngagementRules []EngagementRule
	ProductEvents   []ProductEvent
	Exclude         Exclude
	Questions       []Questions
}

// Privacy states the basis for joining community identities to customer data.
type Privacy struct {
	IdentityMatching string // "opt_in" or "legitimate_interest"; there is no default
}

// Publish says what a release holds.
type Publish struct {
	PersonLevel bool     // keep pseudonymous core and mart tables in the published file; default true
	Parquet     []string // tables of core and mart that are exported beside those of kpi, as core.thread
	Keep        int      // releases kept; default 3
}

// Log says how the daemon logs.
type Log struct {
	Level  slog.Level
	Format string // "text" or "json"
}

// Memory bounds DuckDB, derived from the machine unless configured.
type Memory struct {
	Sync  string // DuckDB memory_limit while syncing, "192MB"
	Build string // while building, "2GB"
}

// Metrics says where the daemon serves Prometheus metrics.
type Metrics struct {
	Listen string // "127.0.0.1:9464"; empty: not at all
}

// Connector is one configured instance of a connector.
type Connector struct {
	Type, Name     string
	Spec           connectors.Spec     // bundled, or asked of the command
	Settings       connectors.Settings // decoded by Spec.Settings
	Secrets        []string            // the values of secret settings, for redaction
	Command        []string            // a third-party executable; empty: bundled
	Checksum       string              // sha256 of Command[0], hex; empty: not checked
	Schedule       Schedule
	Streams        map[string]Stream // by stream name; only those with a block
	Named          []string          // the streams that its settings name, where Spec has settings for that; nil: all
	Kinds          []connectors.Kind // Spec's unless overridden
	EmailTrust     connectors.Trust  // Spec's unless overridden
	Rates          map[string]Rate   // bucket name -> rate, over Spec.Buckets
	MovedFrom      string            // earlier name of this instance, whose data it takes over
	MaxDeleteShare float64           // tombstones by absence in one run; default 0.2
	StallTimeout   time.Duration     // default 5 min
	MemoryLimit    int64             // bytes resident for the child; default 512 MiB
	CensusEvery    time.Duration     // full listing of census streams; default 7 days
	DefRange       string            // "rollcall.hcl:12", for messages
}

// Reads reports whether the stream is read unless it is asked for by name.
func (c Connector) Reads(stream string) bool {
	if c.Named != nil && !slices.Contains(c.Named, stream) {
		return false
	}
	own, configured := c.Streams[stream]
	return !configured || own.Enabled
}

// Stream is what the operator says of one stream of an instance.
type Stream struct {
	Schedule Schedule // nil: the connector's
	Enabled  bool     // default true
}

// Rate is a request budget.
type Rate struct {
	Limit int
	Per   time.Duration
}

// A Schedule says when something is next due, strictly after t.
type Schedule interface{ Next(t time.Time) time.Time }

// Paths below the data directory.
func (c *Config) PublishedDir() string { return filepath.Join(c.DataDir, "published") }

// KeysDir holds keys and refreshed tokens, 0600.
func (c *Config) KeysDir() string { return filepath.Join(c.DataDir, "keys") }

// BackupsDir holds the copies made before migrations.
func (c *Config) BackupsDir() string { return filepath.Join(c.DataDir, "backups") }

// Connector returns the instance of that name.
func (c *Config) Connector(name string) (Connector, bool) {
	for _, connector := range c.Connectors {
		if connector.Name == name {
			return connector, true
		}
	}
	return Connector{}, false
}
