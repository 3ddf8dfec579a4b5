package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	gosync "sync"
	"time"

	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	"rollcall/sql"
	"rollcall/sync"
	"rollcall/transforms"
)

// A host holds the data directory's lock, its database and everything that
// works on it. The daemon has one for its life, a command without a daemon for
// as long as it takes.
type host struct {
	app    *app
	log    *slog.Logger
	lock   *warehouse.Lock
	db     *warehouse.DB
	engine *sync.Engine

	mu        gosync.Mutex
	cfg       *config.Config
	builder   *transforms.Builder // nil until first needed
	lastTry   buildTry            // the daemon's last build
	listeners map[int]func(sync.Event)
	listenerN int

	building gosync.Mutex // one build at a time
}

// openHost takes the data directory, migrates the lake and starts the engine.
func (a *app) openHost(ctx context.Context, cfg *config.Config, who string, log *slog.Logger) (*host, error) {
	lock, err := warehouse.LockDir(cfg.DataDir, who, a.now())
	if err != nil {
		return nil, err
	}
	h := &host{app: a, log: log, lock: lock, cfg: cfg, listeners: map[int]func(sync.Event){}}
	if err := h.open(ctx); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func (h *host) open(ctx context.Context) error {
	var err error
	h.db, err = warehouse.Open(ctx, warehouse.Options{Dir: h.cfg.DataDir, MemoryLimit: h.cfg.Memory.Sync})
	if err != nil {
		return err
	}
	kept, err := h.db.Migrate(ctx, h.cfg.BackupsDir(), h.app.now())
	if err != nil {
		return err
	}
	if kept != "" {
		h.log.Info("migrated the lake", "copy", kept)
	}
	h.engine, err = sync.New(ctx, sync.Options{
		DB: h.db, Config: h.cfg, Clock: wallClock{h.app.now}, Log: h.log, Events: h.tell, Bundled: bundledCommand,
	})
	if err != nil {
		return err
	}
	return h.holdToErasures(ctx)
}

// close releases what open took, in reverse. No write-ahead log should rest on
// disk, so both files are checkpointed.
func (h *host) close() error {
	var errs []error
	if h.engine != nil {
		errs = append(errs, h.engine.Close())
	}
	if h.db != nil {
		ctx := context.Background()
		for _, file := range []*warehouse.File{h.db.Lake, h.db.Marts} {
			errs = append(errs, h.tolerateFull(file.Checkpoint(ctx)))
		}
		errs = append(errs, h.db.Close())
	}
	return errors.Join(append(errs, h.lock.Unlock())...)
}

// tolerateFull takes a full disk out of what fails a command: what it did is
// in the write-ahead log, which the next one reads.
func (h *host) tolerateFull(err error) error {
	if !warehouse.IsDiskFull(err) {
		return err
	}
	h.log.Warn("disk full: nothing is lost, but the write-ahead log stays; free space", "dir", h.cfg.DataDir)
	return nil
}

// wallClock is the real time.
type wallClock struct{ now func() time.Time }

func (c wallClock) Now() time.Time { return c.now() }

func (c wallClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *host) config() *config.Config {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cfg
}

// tell passes the engine's events to whoever listens at the moment.
func (h *host) tell(event sync.Event) {
	h.mu.Lock()
	var listeners []func(sync.Event)
	for _, listener := range h.listeners {
		listeners = append(listeners, listener)
	}
	h.mu.Unlock()
	for _, listener := range listeners {
		listener(event)
	}
}

func (h *host) listen(listener func(sync.Event)) (stop func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listenerN++
	n := h.listenerN
	h.listeners[n] = listener
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.listeners, n)
	}
}

// reload takes over another configuration.
func (h *host) reload(ctx context.Context, cfg *config.Config) error {
	if old := h.config(); cfg.DataDir != old.DataDir {
		return fmt.Errorf("data_dir changed from %s to %s: restart the daemon", old.DataDir, cfg.DataDir)
	}
	if err := h.engine.Reload(ctx, cfg); err != nil {
		return err
	}
	h.mu.Lock()
	h.cfg, h.builder = cfg, nil
	h.mu.Unlock()
	return h.holdToErasures(ctx)
}

// manyRows is from how many rows on a build commits its tables one by one; 0 is
// what transforms has.
var manyRows int64

// models parses the product's SQL and the connectors' staging once.
func (h *host) models(ctx context.Context) (*transforms.Builder, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.builder != nil {
		return h.builder, nil
	}
	builder, err := transforms.New(ctx, transforms.Options{
		DB: h.db, Config: h.cfg, SQL: sql.FS, Sources: modelSources(h.cfg), Now: h.app.now, Log: h.log,
		ManyRows: manyRows,
	})
	if err != nil {
		return nil, err
	}
	h.builder = builder
	return builder, nil
}

// modelSources tells transforms which connectors are configured; it does not
// import them itself.
func modelSources(cfg *config.Config) []transforms.Source {
	var sources []transforms.Source
	at := map[string]int{}
	for _, c := range cfg.Connectors {
		i, ok := at[c.Type]
		if !ok {
			i = len(sources)
			at[c.Type] = i
			source := transforms.Source{Type: c.Type, Version: c.Spec.Version, Staging: c.Spec.Staging}
			for _, stream := range c.Spec.Streams {
				if stream.Fields != "" { // else no staging reads it
					source.Streams = append(source.Streams, transforms.Stream{Name: stream.Name, Fields: stream.Fields, Personal: stream.Personal})
				}
			}
			sources = append(sources, source)
		}
		instance := transforms.Instance{Name: c.Name, EmailTrust: string(c.EmailTrust)}
		for _, kind := range c.Kinds {
			instance.Kinds = append(instance.Kinds, string(kind))
		}
		for _, stream := range c.Spec.Streams {
			if !c.Reads(stream.Name) {
				instance.Unread = append(instance.Unread, stream.Name)
			}
		}
		sources[i].Instances = append(sources[i].Instances, instance)
	}
	return sources
}

// A command answers one request; emit may be called with events.
type command func(ctx context.Context, args json.RawMessage, emit func(any)) (any, error)

// typed adapts a method that takes decoded arguments.
func typed[Args any](run func(ctx context.Context, args Args, emit func(any)) (any, error)) command {
	return func(ctx context.Context, raw json.RawMessage, emit func(any)) (any, error) {
		var args Args
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &args); err != nil {
				return nil, usageError("the command's arguments are not understood: %v", err)
			}
		}
		return run(ctx, args, emit)
	}
}

// handle is what both the daemon's socket and a command without a daemon call.
func (h *host) handle(ctx context.Context, name string, args json.RawMessage, emit func(any)) (any, error) {
	commands := map[string]command{
		"sync":    typed(h.sync),
		"status":  typed(h.status),
		"build":   typed(h.build),
		"publish": typed(h.publish),
		"query":   typed(h.query),
		"backup":  typed(h.backup),
		"purge":   typed(h.purge),
		"forget":  typed(h.forget),
		"doctor":  typed(h.doctor),
		"once":    typed(h.once),

		"kpi list":    typed(h.kpiList),
		"kpi show":    typed(h.kpiShow),
		"kpi explain": typed(h.kpiExplain),

		"identity show":    typed(h.identityShow),
		"identity why":     typed(h.identityWhy),
		"identity why-not": typed(h.identityWhyNot),
		"identity merge":   typed(h.identityMerge),
		"identity split":   typed(h.identitySplit),
		"identity undo":    typed(h.identityUndo),
		"identity review":  typed(h.identityReview),
		"identity answer":  typed(h.identityAnswer),
		"identity stats":   typed(h.identityStats),
		"account show":     typed(h.accountShow),
		"account review":   typed(h.accountReview),
		"account merge":    typed(h.accountMerge),
		"account split":    typed(h.accountSplit),
	}
	run, ok := commands[name]
	if !ok {
		return nil, usageError("the daemon does not know the command %q; it may be of another version", name)
	}
	return run(ctx, args, emit)
}

// quietUnless keeps a command's own output readable: a command logs warnings,
// unless debug was configured.
func quietUnless(l config.Log) config.Log {
	if l.Level == slog.LevelInfo {
		l.Level = slog.LevelWarn
	}
	return l
}
