// Package connectors is the contract between the rollcall daemon (the host)
// and a connector, a child process that reads one kind of source, and holds
// both ends of the plugin that carries it.
//
// A connector author implements [Connector] and [Source] and calls [Serve].
// The host starts the child with [Start] and sees the same two interfaces.
package connectors

import (
	"context"
	"encoding/json"
	"time"
)

// ProtocolVersion is the version of the contract in this package. Host and
// child exchange it in the handshake; a mismatch names both versions.
const ProtocolVersion = 1

// Limits both sides of the contract hold to.
const (
	MaxCursorBytes  = 64 << 10 // a longer cursor is a bug in the connector
	MaxRecordBytes  = 16 << 20 // a larger record crosses as a Reject
	MaxBatchBytes   = 16 << 20 // joined batches stop growing here
	MaxBatchRecords = 10_000   // and here
)

// A Connector is one kind of source: "discourse", "hubspot".
type Connector interface {
	// Spec describes the connector. It makes no request and never changes
	// while the process lives.
	Spec() Spec
	// Open checks the settings' form and returns a source for one configured
	// instance. It makes no request. A setting it cannot use is an *ErrConfig.
	Open(ctx context.Context, settings Settings, host Host) (Source, error)
}

// A Source is one configured instance of a connector.
type Source interface {
	// Check makes the cheapest authenticated request and says what the
	// credentials may read.
	Check(ctx context.Context) (Access, error)
	// Read emits every record of the stream that changed since cursor (nil:
	// from the beginning), then returns nil; the package flushes, and the run
	// is complete once the last batch is stored.
	//
	// emit returns nil when the batch is accepted; what is stored is what a
	// later Read's cursor shows. Read stops at the first error, its own or
	// emit's (which may belong to an earlier batch), and returns it. Records
	// of one Read may repeat; none may be missing. Read owns a batch until it
	// emits it and must not touch it afterwards.
	//
	// The host may also pass a cursor made by [SinceCursor]; see [Since].
	Read(ctx context.Context, stream string, cursor Cursor, emit func(Batch) error) error
}

// Spec is what a connector says of itself.
type Spec struct {
	Type       string            // the label in config: lower case letters, digits and "_"
	Title      string            // "Discourse"
	Docs       string            // where the vendor documents the API, for `connectors describe`
	Version    string            // the connector's own version; another one rebuilds its staging in full
	Kinds      []Kind            // which kinds of source it is; empty: the operator must say
	Settings   []Setting         // the host builds its HCL decoder and `init` from it
	Streams    []Stream          // what can be read, in the order it should be read
	Staging    map[string]string // canonical table -> SQL select over raw.<type>__<stream>
	EmailTrust Trust             // what this system's e-mail addresses are; empty: the operator must say
	Buckets    []Bucket          // default request rates; the operator may override them by name
}

// Stream returns the stream of that name.
func (s Spec) Stream(name string) (Stream, bool) {
	for _, stream := range s.Streams {
		if stream.Name == name {
			return stream, true
		}
	}
	return Stream{}, false
}

// A Bucket is a request budget that all children holding the same credential
// share. Discourse and others send no budget headers before the first 429, so
// the rate has to be known beforehand; budgets from headers ([Host.Report])
// refine it.
type Bucket struct {
	Name  string        // what Source passes to Host.Wait: "api", "search"
	Limit int           // requests (or points) per Per
	Per   time.Duration // window of Limit
	Burst int           // how many may go at once; 0: 1
	Help  string
}

// Kind is a kind of source, as KPI headers name them.
type Kind string

// The kinds of source.
const (
	KindCommunity Kind = "community"
	KindCRM       Kind = "crm"
	KindHelpdesk  Kind = "helpdesk"
	KindBilling   Kind = "billing"
	KindSurvey    Kind = "survey"
	KindProduct   Kind = "product"
	KindWeb       Kind = "web"
	KindEvents    Kind = "events"
	KindCommerce  Kind = "commerce"
	KindReferral  Kind = "referral"
	KindCost      Kind = "cost"
	KindSocial    Kind = "social"
)

// Kinds lists every kind, in the order they are documented.
func Kinds() []Kind {
	return []Kind{KindCommunity, KindCRM, KindHelpdesk, KindBilling, KindSurvey, KindProduct,
		KindWeb, KindEvents, KindCommerce, KindReferral, KindCost, KindSocial}
}

// Trust says who vouches for a system's e-mail addresses.
type Trust string

// The grades of trust in an e-mail address.
const (
	TrustVerified Trust = "verified" // the system made the owner prove it
	TrustStaff    Trust = "staff"    // entered by our staff (CRM, helpdesk)
	TrustSelf     Trust = "self"     // claimed, unproven
)

// Mode says how a stream shows what is gone.
type Mode string

// The modes of a stream.
const (
	ModeIncremental Mode = "incremental" // changes since the cursor; deletions only if the source says so
	ModeSnapshot    Mode = "snapshot"    // every Read from nil lists all live keys; what it omits is gone
	ModeCensus      Mode = "census"      // incremental, plus a periodic Read from nil that lists all live keys
)

// SettingType is the type of a setting in config.
type SettingType string

// The types of a setting. A block is a nested HCL block of further settings.
const (
	TypeString     SettingType = "string"
	TypeInt        SettingType = "int"
	TypeFloat      SettingType = "float"
	TypeBool       SettingType = "bool"
	TypeDuration   SettingType = "duration" // "90s", "12h"; crosses the wire as that string
	TypeStringList SettingType = "string_list"
	TypeStringMap  SettingType = "string_map"
	TypeStream     SettingType = "stream"     // a stream's name, a string; where a spec has such settings, only streams that they name are read
	TypeBlock      SettingType = "block"      // one nested block
	TypeBlockList  SettingType = "block_list" // any number of nested blocks
	TypeBlockMap   SettingType = "block_map"  // nested blocks with one label: a map by label
)

// A Setting is one attribute or nested block of a connector's config block.
type Setting struct {
	Name     string
	Type     SettingType
	Required bool
	Secret   bool   // never shown; must come from env() or file()
	Default  string // as it would be written in HCL; empty: none
	Help     string
	Block    []Setting // for the block types
}

// Settings are the decoded settings of one instance: one JSON object whose
// members are named as Spec.Settings names them; unset optional ones without a
// default are absent.
type Settings json.RawMessage

// Decode stores the settings in v, a pointer to a struct with json tags.
func (s Settings) Decode(v any) error {
	if len(s) == 0 {
		s = Settings("{}")
	}
	return json.Unmarshal(s, v)
}

// A Stream is one kind of record a source can be read for.
type Stream struct {
	Name, Help string
	Mode       Mode
	Personal   []string // gjson paths that hold personal data
	Volatile   []string // paths (NewVolatile) that change on every read (views, last_seen_at): left out of the content hash, sampled once a day
	// Fields are the fields staging reads, as a from_json structure:
	// {"id": "BIGINT!", "created_at": "TIMESTAMPTZ!", "tags": ["VARCHAR"]}.
	// A trailing "!" marks a required field. Whole numbers are BIGINT, times
	// TIMESTAMPTZ.
	Fields   string
	Lookback time.Duration // how far a later Read starts before its cursor's time; for `describe`
	Every    time.Duration // default own schedule when it differs from the connector's: 0 = the connector's
}

// A Record is one object of a stream, as the API sent it.
type Record struct {
	Key     string          // unique in (instance, stream), never empty
	Data    json.RawMessage // the API's own object, untouched
	Deleted bool            // tombstone: the source says it is gone; Data may be empty
	At      time.Time       // the record's own change time if it has one; zero otherwise
}

// A Reject is a record that cannot be stored, kept aside with its reason. It
// counts as listed, so it never becomes a tombstone.
type Reject struct {
	Key    string
	Size   int64
	Reason string
}

// An Interval is a half-open range of time.
type Interval struct{ From, Until time.Time }

// Progress says how far a Read is.
type Progress struct {
	Done, Total int64     // records or requests; Total 0 if unknown
	Finish      time.Time // the source's own estimate; zero: none
}

// A Batch is what a Read emits: a page, usually.
type Batch struct {
	Records []Record
	Cursor  Cursor     // where to resume once this batch and all before it are stored; nil keeps the last one
	Covered []Interval // event time now complete for this stream, half-open; none: nothing claimed. Newest-first readers claim downwards
	// Scopes are "path=value", path being a gjson path that every record of
	// the stream has: "topic_id=812" says all live records with that value are
	// in this batch or earlier ones of this Read; stored others are gone.
	Scopes   []string
	Progress Progress
	Rejects  []Reject // filled by the package for records over MaxRecordBytes; sources leave it empty
}

// Cursor is where a Read resumes: opaque to the host, versioned by the
// connector, at most MaxCursorBytes long.
type Cursor []byte

type since struct {
	Since *time.Time `json:"rollcall_since"`
}

// SinceCursor is the cursor of `sync --since`: read again what changed at or
// after t. The host never stores the cursors of such a Read.
func SinceCursor(t time.Time) Cursor {
	t = t.UTC()
	b, err := json.Marshal(since{&t})
	if err != nil {
		panic(err) // a time between years 0 and 9999 always marshals
	}
	return b
}

// Since reports whether cursor was made by SinceCursor, and its time. A
// connector asks it before decoding its own cursors; a stream that cannot be
// read from a time reads everything.
func Since(cursor Cursor) (time.Time, bool) {
	var s since
	if len(cursor) == 0 || json.Unmarshal(cursor, &s) != nil || s.Since == nil {
		return time.Time{}, false
	}
	return *s.Since, true
}

// Access says what the credentials of an instance may read.
type Access struct {
	Account    string         // who the credentials are, for a person: "system on forum.example.com"
	Streams    []StreamAccess // one per stream; empty: not known beforehand
	ServerTime time.Time      // the server's clock when it answered, for the skew check; zero: not sent
	Notes      []string       // what an operator should know: "e-mail addresses need an admin key"
}

// StreamAccess says whether one stream can be read.
type StreamAccess struct {
	Stream   string
	Readable bool
	Reason   string // why not, and what would help
}

// Host is what a source may ask of the daemon while it reads.
type Host interface {
	// SaveToken stores a refreshed OAuth token 0600 outside DuckDB. A source
	// calls it before it uses the token.
	SaveToken(ctx context.Context, token []byte) error
	// Wait asks for a request permit of a bucket (Spec.Buckets) and returns
	// when it is granted: one bucket per credential, shared by all children
	// that hold it. A bucket nobody declared is unlimited until Report.
	Wait(ctx context.Context, bucket string, cost int) error
	// Report tells the budget learned from response headers: remaining
	// requests until reset.
	Report(ctx context.Context, bucket string, remaining int, reset time.Time)
}
