// Package transforms turns what sync stored into published KPIs: it parses raw
// streams once per build, fills the staging shapes by the connectors' SQL,
// keeps people's ids, builds the models of the marts in the order that their
// own SQL gives, computes KPIs, runs checks, and publishes releases.
package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	"rollcall/transforms/identity/suppress"
	"rollcall/transforms/kpi"
)

// Options are what a Builder works with.
type Options struct {
	DB      *warehouse.DB
	Config  *config.Config
	SQL     fs.FS    // the product's SQL, see package sql
	Sources []Source // one per configured connector type
	Now     func() time.Time
	Log     *slog.Logger
	Events  func(Event) // told of every step; may be nil

	ManyRows int64 // from how many rows on a build commits a table before models read it; default 500,000
}

// A Source is one configured connector type.
type Source struct {
	Type, Version string
	Instances     []Instance
	Streams       []Stream
	Staging       map[string]string // shape -> selects over raw.<type>__<stream>, separated by ;
}

// An Instance is one configured instance of a source.
type Instance struct {
	Name       string
	Kinds      []string
	EmailTrust string
	Unread     []string // streams that the configuration has nobody read
}

// A Stream is one stream of a source, with the structure its records are
// parsed by; required leaves end in "!".
type Stream struct {
	Name, Fields string
	Personal     []string // gjson paths that hold personal data
}

// An Event is one finished step of a build or a publication.
type Event struct {
	Step        string // parse, stage, write, identity, model, kpi, finish, output, check, copy, export
	Name        string
	Done, Total int
	Took        time.Duration
}

// A Builder builds and publishes. Its methods may be called from several
// goroutines and wait for each other.
type Builder struct {
	opts    Options
	mu      sync.Mutex
	streams []*stream
	shapes  map[string]*shape
	models  []*model // in order
	kpis    []*kpi.Definition
	outputs []*model         // of schema kpi, in order: selects over the values
	trees   map[string]*tree // of KPI files, by KPI id
	checks  []*check
	prelude string
	macros  map[string]*macro
	params  map[string]string
	idKey   string // hashes ids that hold an address, and what was erased; loaded by a build

	suppressed *suppress.List // what was erased; nil: nothing; loaded with the key

	unfinished sync.RWMutex // locked while not all of the marts is of one build
}

// New parses and orders every model, and checks every connector's staging SQL
// against its shape. The error holds all faults, with file and line.
func New(ctx context.Context, o Options) (_ *Builder, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Events == nil {
		o.Events = func(Event) {}
	}
	if o.ManyRows == 0 {
		o.ManyRows = manyRows
	}
	b := &Builder{opts: o, trees: map[string]*tree{}}
	conn, err := o.DB.SQL().Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, releaseStaging(conn)) }()
	if err := prepareWork(ctx, conn); err != nil {
		return nil, err
	}
	var errs []error
	for _, load := range []func(context.Context, *sql.Conn) []error{b.loadParams, b.loadStaging, b.loadModels, b.loadKPIs, b.loadOutputs, b.loadChecks, b.checkExports} {
		errs = append(errs, load(ctx, conn)...)
	}
	return b, errors.Join(errs...)
}

// prepareWork makes the schemas of the work catalog and turns the connection
// to them, so that raw.<stream> means the parsed stream.
func prepareWork(ctx context.Context, conn *sql.Conn) error {
	for _, statement := range []string{
		"create schema if not exists work.raw",
		"create schema if not exists work.staging",
		"create schema if not exists work.staged",
		"create schema if not exists work.delta",
		"create or replace table work.staged.run (type varchar, stream varchar, instance varchar, run_id bigint, versions bigint, fingerprint ubigint)",
		"create or replace table work.staged.changed (type varchar, stream varchar, instance varchar, run_id bigint, is_rewritten boolean)",
		"create or replace table work.staged.record (record varchar)",
		"create or replace table work.staged.fault (record varchar, type varchar, stream varchar, instance varchar, key varchar, path varchar, json_type varchar, faults bigint, is_left_out boolean)",
		"set search_path = 'work.raw,work.main'",
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("prepare the work catalog: %w", err)
		}
	}
	return nil
}

// releaseStaging gives the connection back to the pool as it was.
func releaseStaging(conn *sql.Conn) error {
	_, err := conn.ExecContext(context.Background(), "reset search_path")
	return errors.Join(err, conn.Close())
}

func (b *Builder) loadParams(ctx context.Context, conn *sql.Conn) []error {
	prelude, err := fs.ReadFile(b.opts.SQL, "prelude.sql")
	if err != nil {
		return []error{err}
	}
	b.prelude = string(prelude)
	if b.macros, err = loadMacros(ctx, b.opts.DB.SQL(), b.prelude); err != nil {
		return []error{err}
	}
	text, err := fs.ReadFile(b.opts.SQL, "ref/param.sql")
	if err != nil {
		return []error{err}
	}
	if err := b.offerParameters(ctx, conn); err != nil {
		return []error{fmt.Errorf("offer parameters: %w", err)}
	}
	b.params = map[string]string{}
	shipped := map[string]string{}
	rows, err := conn.QueryContext(ctx, "select name, value, default_value from (\n"+string(text)+"\n)")
	if err != nil {
		return []error{fmt.Errorf("ref/param.sql: %w", err)}
	}
	for rows.Next() {
		var name, value, byDefault string
		if err := rows.Scan(&name, &value, &byDefault); err != nil {
			return []error{errors.Join(err, rows.Close())}
		}
		b.params[name], shipped[name] = value, byDefault
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return []error{fmt.Errorf("ref/param.sql: %w", err)}
	}
	return checkOverrides(b.opts.Config.Parameters, shipped)
}

func (b *Builder) loadStaging(ctx context.Context, conn *sql.Conn) []error {
	var errs []error
	b.shapes, errs = loadShapes(ctx, b.opts.DB.SQL(), conn, b.opts.SQL)
	loader := &stagingLoader{db: b.opts.DB.SQL(), conn: conn, shapes: b.shapes, streams: map[string]*stream{}}
	var err error
	if loader.aggregates, err = aggregateFunctions(ctx, conn); err != nil {
		return append(errs, err)
	}
	for _, source := range b.opts.Sources {
		for _, declared := range source.Streams {
			if declared.Fields == "" {
				continue // no staging reads it yet
			}
			s, err := newStream(source, declared)
			if err == nil {
				err = s.declareRaw(ctx, conn)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s stream %s: fields: %w", source.Type, declared.Name, err))
				continue
			}
			b.streams = append(b.streams, s)
			loader.streams[s.table()] = s
		}
	}
	for _, source := range b.opts.Sources {
		errs = append(errs, loader.load(ctx, source)...)
	}
	return errs
}

func newStream(source Source, declared Stream) (*stream, error) {
	fields, err := parseFields(declared.Fields)
	if err != nil {
		return nil, err
	}
	if len(fields.Members) == 0 {
		return nil, errors.New("they name nothing")
	}
	return &stream{Type: source.Type, Name: declared.Name, declared: declared.Fields, fields: fields}, nil
}

func aggregateFunctions(ctx context.Context, conn *sql.Conn) (map[string]bool, error) {
	rows, err := conn.QueryContext(ctx, "select distinct function_name from duckdb_functions() where function_type = 'aggregate'")
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		names[name] = true
	}
	return names, errors.Join(rows.Err(), rows.Close())
}

// settingTable is written by the build itself, before the first model.
const settingTable = "ref.setting"

// knownTables exist before the first model runs.
func (b *Builder) knownTables() map[string]bool {
	known := map[string]bool{settingTable: true, peopleTable: true}
	for _, name := range accountTables() {
		known[name] = true
	}
	for _, t := range configTables() {
		known["ref."+t.name] = true
	}
	for name := range b.shapes {
		known["staging."+name] = true
	}
	return known
}

func (b *Builder) loadModels(ctx context.Context, _ *sql.Conn) []error {
	var errs []error
	var models []*model
	for _, schema := range modelSchemas() {
		loaded, faults := loadModels(ctx, b.opts.DB.SQL(), b.opts.SQL, schema)
		models = append(models, loaded...)
		errs = append(errs, faults...)
	}
	for _, m := range models {
		errs = append(errs, b.checkParams(m.tree)...)
		m.hidden = b.hiddenIn(m.tree).tables
	}
	sorted, faults := order(models, b.knownTables())
	b.models = sorted
	return append(errs, faults...)
}

// checkParams finds names that ref.param does not have: the macro alone would
// return NULL.
func (b *Builder) checkParams(t *tree) []error {
	var errs []error
	faults := t.params(func(name string, offset int) {
		if _, found := b.params[name]; !found {
			errs = append(errs, t.fault(offset, "no parameter %q in ref/param.sql", name))
		}
	})
	for _, f := range faults {
		errs = append(errs, f)
	}
	return errs
}

func (b *Builder) loadKPIs(ctx context.Context, _ *sql.Conn) []error {
	names, err := fs.Glob(b.opts.SQL, kpiFiles)
	if err != nil {
		return []error{err}
	}
	tables := b.knownTables()
	for _, m := range b.models {
		tables[m.name()] = true
	}
	var errs []error
	for _, name := range names {
		errs = append(errs, b.loadKPI(ctx, name, tables)...)
	}
	if b.kpis, err = kpi.Order(b.kpis); err != nil {
		errs = append(errs, err)
	}
	return errs
}
