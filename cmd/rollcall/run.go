package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"rollcall/internal/config"
	"rollcall/internal/control"
	"rollcall/sync"
)

func (a *app) runCommand() *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon: sync by schedule, build and publish",
		Long: `Runs until SIGTERM: syncs what is due, builds, publishes. SIGTERM finishes the
batch in hand and ends within ten seconds; SIGHUP reads the configuration
again, and keeps the old one if the new one is wrong. The other commands work
through it by a socket in the data directory.

With --once it does what is due one time and exits, for those who schedule it
themselves.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if once {
				return a.runOnce(cmd.Context())
			}
			return a.runDaemon(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "do what is due, then exit")
	return cmd
}

// onceResult is what `run --once` did.
type onceResult struct {
	Runs    []runResult    `json:"runs"`
	Build   *buildResult   `json:"build,omitempty"`
	Release *releaseResult `json:"release,omitempty"`
}

func (a *app) runOnce(ctx context.Context) error {
	if err := a.refuseBesideDaemon(ctx, "run --once"); err != nil {
		return err
	}
	show := a.newProgress()
	var result onceResult
	err := a.perform(ctx, "once", noArgs{}, show.raw, &result)
	show.end()
	if a.json {
		if result.Runs == nil {
			return err
		}
		return errors.Join(a.printJSON(result), err)
	}
	printErr := a.printRuns(syncResult{Runs: result.Runs}, err)
	if result.Build != nil {
		printErr = errors.Join(printErr, a.printBuild(*result.Build))
	}
	if result.Release != nil {
		printErr = errors.Join(printErr, a.printRelease(*result.Release))
	}
	return errors.Join(printErr, err)
}

// once syncs what is due, builds and publishes. A stream that failed does not
// keep the others from being published.
func (h *host) once(ctx context.Context, _ noArgs, emit func(any)) (any, error) {
	result := onceResult{Runs: []runResult{}}
	due, err := h.engine.Due(ctx, h.app.now())
	if err != nil {
		return result, err
	}
	var syncErr error
	if len(due) > 0 {
		offer, drain := relay(emit)
		stop := h.listen(offer)
		synced, err := h.runStreams(ctx, sync.Request{Selections: due})
		stop()
		drain()
		result.Runs, syncErr = synced.Runs, err
		var partial *exitError
		if err != nil && !errors.As(err, &partial) {
			return result, err
		}
	}
	built, release, err := h.buildAndPublish(ctx)
	result.Build, result.Release = built, release
	return result, errors.Join(syncErr, err)
}

// A daemon is a host that works by schedule and answers on the socket.
type daemon struct {
	*host
	reloads chan struct{}   // SIGHUP arrived
	done    chan syncedDone // a scheduled sync ended
	busy    map[string]bool // instances being synced
	retry   map[string]*backingOff
	dirty   bool   // something was synced since the last build
	builtOn string // local date of the last build: values mature by the day
	built   chan error
	inBuild bool
}

// syncedDone is the end of one instance's scheduled sync.
type syncedDone struct {
	instance string
	runs     []runResult
	err      error
}

func newDaemon(h *host, reloads chan struct{}) *daemon {
	return &daemon{
		host: h, reloads: reloads, done: make(chan syncedDone), built: make(chan error),
		busy: map[string]bool{}, retry: map[string]*backingOff{}, dirty: true,
	}
}

func (a *app) runDaemon(ctx context.Context) error {
	cfg, err := a.load(ctx)
	if err != nil {
		return err
	}
	log := a.logger(cfg.Log)
	reloads := hangups(ctx) // from now on: by default SIGHUP ends a process
	h, err := a.openHost(ctx, cfg, "rollcall run", log)
	if err != nil {
		return err
	}
	closeControl, err := h.serveControl()
	if err != nil {
		return errors.Join(err, h.close())
	}
	closeMetrics, err := h.serveMetrics(cfg.Metrics)
	if err != nil {
		return errors.Join(err, closeControl(), h.close())
	}
	d := newDaemon(h, reloads)
	defer context.AfterFunc(ctx, func() { stopDeadline(log) })()
	log.Info("daemon started", "pid", os.Getpid(), "version", version(), "data_dir", cfg.DataDir, "connectors", len(cfg.Connectors))
	d.loop(ctx)
	err = errors.Join(closeMetrics(), closeControl(), h.close())
	log.Info("daemon stopped", "err", err)
	return err
}

// exitGrace is how long a daemon told to stop may take in all, with a second
// to spare.
const exitGrace = 9 * time.Second

// stopDeadline ends the process if stopping takes too long from now; what was
// committed stays committed.
func stopDeadline(log *slog.Logger) {
	time.AfterFunc(exitGrace, func() {
		log.Error("stopping took too long; ended without waiting")
		os.Exit(exitInternal)
	})
}

// hangups turns SIGHUP into a channel until ctx ends.
func hangups(ctx context.Context) chan struct{} {
	signals, out := make(chan os.Signal, 1), make(chan struct{}, 1)
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-signals:
				select {
				case out <- struct{}{}:
				default: // one is waiting already
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// serveControl answers the command line on the socket.
func (h *host) serveControl() (stop func() error, err error) {
	runtimeDir, err := h.app.runtimeDir()
	if err != nil {
		return nil, err
	}
	server := &control.Server{Version: version(), Handle: h.handle, Log: h.log}
	listener, err := server.Listen(control.SocketPath(h.config().DataDir, runtimeDir))
	if err != nil {
		return nil, err
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err := server.Close(ctx); err != nil {
			h.log.Warn("commands were cut off", "err", err)
		}
		return <-served
	}, nil
}

// reloadConfig takes a changed configuration over, or says why not and keeps
// the old one.
func (d *daemon) reloadConfig(ctx context.Context) {
	cfg, err := config.Load(d.config().Path, d.app.loadOptions(ctx, func(message string) { d.log.Warn(message) }))
	if err == nil {
		err = d.reload(ctx, cfg)
	}
	if err != nil {
		d.log.Error("the changed configuration is not used, the old one stays", "err", err)
		return
	}
	d.retry = map[string]*backingOff{}
	d.noteTry(buildTry{})
	d.dirty = true
	d.log.Info("configuration reloaded", "connectors", len(cfg.Connectors))
}

// reportSync logs how a scheduled sync ended; the engine logged each run.
func (d *daemon) reportSync(done syncedDone) {
	if done.err != nil {
		d.log.Warn("scheduled sync did not finish", "instance", done.instance, "err", done.err)
	}
}
