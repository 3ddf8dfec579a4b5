package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"rollcall/transforms/kpi"
)

// BuildRequest says how to build.
type BuildRequest struct {
	Full bool // stage every record and compute every table again, changed or not
	// Select names models and KPIs to build, and nothing else: NAME+ with all
	// that reads it, +NAME with all that it reads. Other models and KPIs keep
	// their rows of earlier builds, so such a build is partial: it is not
	// published and leaves no history. The next build without it catches up.
	Select []string
}

// A Status of a build.
type Status string

// The statuses of a build, as kpi.build shows them.
const (
	StatusUnfinished Status = "unfinished" // models are committed, what is made of them is not
	StatusBuilt      Status = "built"      // committed, not yet checked
	StatusPassed     Status = "passed"     // may be published
	StatusFailed     Status = "failed"     // a check with severity fail found rows
	StatusPartial    Status = "partial"    // of selected models and KPIs only: never published
)

// A Build is one finished build.
type Build struct {
	ID                string
	Started, Finished time.Time
	Status            Status
	Streams           []StreamCount
	Models, KPIs      int
	Steps             []Step            // of every model, in order
	NotConfigured     map[string]string // KPI id -> what is missing
	Checks            []CheckResult
	full              bool
	selected          *selection // nil: everything
	plan              *stagingPlan
	models            *modelBuild
	values            *values
	watermarks        watermarks
	largest           int64 // rows of the largest staged table
	isHidden          bool  // the marts say that they are unfinished, and nobody is shown them
}

func (b *Build) failed() []CheckResult {
	var failed []CheckResult
	for _, r := range b.Checks {
		if r.Failed() {
			failed = append(failed, r)
		}
	}
	return failed
}

// Build stages the records that changed since the last build, writes staging
// and people's ids to the lake in one transaction, then the models to the marts in
// one (in several where they have many rows, see [Options]) and what KPIs are made
// of them in another, then runs the checks. A build whose checks fail is returned
// with a [*ChecksFailed].
func (b *Builder) Build(ctx context.Context, r BuildRequest) (_ *Build, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	build, err := b.newBuild(r)
	if err != nil {
		return nil, err
	}
	// The parsed streams take memory; a build that fails gives it back as well.
	defer func() {
		err = errors.Join(err, b.emptyWork(context.WithoutCancel(ctx), "raw", "staging", "staged", "delta"))
	}()
	for _, step := range []func(context.Context, *Build) error{b.prepareStaged, b.stage, b.writeLake, b.makeMarts, b.remember, b.settle} {
		if err := step(ctx, build); err != nil {
			return nil, fmt.Errorf("build: %w", err)
		}
	}
	b.opts.Log.Info("built", "build", build.ID, "status", string(build.Status), "models", build.Models, "kpis", build.KPIs,
		"duration", build.Finished.Sub(build.Started))
	if failed := build.failed(); len(failed) > 0 {
		return build, &ChecksFailed{BuildID: build.ID, Results: failed}
	}
	return build, nil
}

func (b *Builder) newBuild(r BuildRequest) (*Build, error) {
	selected, err := b.selectModels(r.Select)
	if err != nil {
		return nil, err
	}
	now := b.opts.Now()
	return &Build{ID: kpi.Stamp(now) + "-" + uuid.NewString()[:8], Started: now, Status: StatusUnfinished,
		NotConfigured: map[string]string{}, full: r.Full, selected: selected}, nil
}

// stage parses raw streams and fills the shapes in the work catalog. It reads
// the lake in one transaction, so that all streams and their coverage are of
// one instant while syncs go on.
func (b *Builder) stage(ctx context.Context, build *Build) (err error) {
	conn, err := b.opts.DB.SQL().Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, releaseStaging(conn)) }()
	if err := prepareWork(ctx, conn); err != nil {
		return err
	}
	if err := b.offerIDKey(ctx, conn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, withdrawIDKey(ctx, conn)) }()
	if err := b.offerErased(ctx); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "begin transaction"); err != nil {
		return err
	}
	if err := b.fillShapes(ctx, conn, build); err != nil {
		_, rollback := conn.ExecContext(context.WithoutCancel(ctx), "rollback")
		return errors.Join(err, rollback)
	}
	_, err = conn.ExecContext(ctx, "commit")
	return err
}

func (b *Builder) fillShapes(ctx context.Context, conn *sql.Conn, build *Build) error {
	var err error
	if build.plan, err = b.planStaging(ctx, conn, build.full); err != nil {
		return fmt.Errorf("find what changed: %w", err)
	}
	for i, s := range b.streams {
		began := b.opts.Now()
		if err := s.parseRaw(ctx, conn, build.plan); err != nil {
			return err
		}
		b.opts.Events(Event{Step: "parse", Name: s.table(), Done: i + 1, Total: len(b.streams), Took: b.opts.Now().Sub(began)})
	}
	if build.watermarks, err = readWatermarks(ctx, conn, build.plan); err != nil {
		return fmt.Errorf("read coverage: %w", err)
	}
	names := sortedKeys(b.shapes)
	for i, name := range names {
		began := b.opts.Now()
		if !build.plan.touched(b.shapes[name]) {
			continue
		}
		query := fmt.Sprintf("create or replace table work.staging.%s as\n%s", ident(name), b.shapes[name].union())
		if _, err := conn.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("stage %s: %w", name, firstLine(err))
		}
		if err := b.leaveOutErased(ctx, conn, b.shapes[name]); err != nil {
			return fmt.Errorf("leave out of %s who was erased: %w", name, err)
		}
		b.opts.Events(Event{Step: "stage", Name: name, Done: i + 1, Total: len(names), Took: b.opts.Now().Sub(began)})
	}
	for _, note := range []func(context.Context, *sql.Conn, *stagingPlan) error{b.noteVersions, b.noteDeltas, b.noteLogins} {
		if err := note(ctx, conn, build.plan); err != nil {
			return err
		}
	}
	return nil
}

// emptyWork gives the memory of parsed streams and of changed rows back.
func (b *Builder) emptyWork(ctx context.Context, schemas ...string) error {
	for _, schema := range schemas {
		if _, err := b.opts.DB.SQL().ExecContext(ctx, fmt.Sprintf("drop schema if exists work.%s cascade", schema)); err != nil {
			return fmt.Errorf("empty the work catalog: %w", err)
		}
	}
	return nil
}

// settle leaves no write-ahead log behind.
func (b *Builder) settle(ctx context.Context, build *Build) error {
	build.Finished = b.opts.Now()
	return errors.Join(b.opts.DB.Marts.Checkpoint(ctx), b.opts.DB.Lake.Checkpoint(ctx))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func scanOne(rows *sql.Rows, into ...any) error {
	if !rows.Next() {
		return errors.Join(rows.Err(), rows.Close(), errors.New("no row"))
	}
	return errors.Join(rows.Scan(into...), rows.Close())
}
