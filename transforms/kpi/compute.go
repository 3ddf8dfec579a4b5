package kpi

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Connections are those that KPIs are computed on. Main ends with what is
// finished; on those Beside it groups of KPIs are computed at the same time. All
// see the same committed marts and name tables alike; the schema Shared, of a
// catalog in memory, stands on the search path of all.
type Connections struct {
	Main   Execer
	Beside []Execer
	Shared string // "": Main is alone
}

// Compute fills the temporary table cell with all cells of the configured KPIs:
// base cells from their atoms, empty periods inside coverage, mean windows,
// values per day, intervals, and the KPIs derived from cells; to_date_cell holds
// those of periods to date, which [Finish] compares. configured is ordered as
// Order does. computed is called with the ids of KPIs whose cells are there, and
// how long they took, by one goroutine at a time: those that share a pass come
// together.
func Compute(ctx context.Context, on Connections, run Run, configured []Finished, computed func(took time.Duration, ids ...string)) error {
	c := &computation{Connections: on, run: run, configured: configured, computed: computed,
		people: &people{tx: on.Main, schema: on.Shared}}
	if err := c.compute(ctx); err != nil {
		return fmt.Errorf("compute KPIs: %w", err)
	}
	return nil
}

// A computation is one run of Compute.
type computation struct {
	Connections
	run        Run
	configured []Finished
	people     *people
	mu         sync.Mutex // held by computed
	computed   func(took time.Duration, ids ...string)
}

func (c *computation) compute(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		c.computeApart,
		func(ctx context.Context) error { return c.Main.Exec(ctx, notBegun+literalDate(c.run.Today)) },
		func(ctx context.Context) error { return c.Main.Exec(ctx, trim) },
		func(ctx context.Context) error { return fillEmpty(ctx, c.Main, c.run, c.configured) },
		c.deriveAll,
		func(ctx context.Context) error { return c.Main.Exec(ctx, trim) },
		func(ctx context.Context) error { return dropWork(ctx, c.Main) },
		c.people.drop,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// deriveAll adds what is made of cells: mean windows, and KPIs of other KPIs.
func (c *computation) deriveAll(ctx context.Context) error {
	for _, finishedRows := range []bool{false, true} {
		for _, f := range c.configured {
			if f.ReadsCells() != finishedRows {
				continue
			}
			began := time.Now()
			if finishedRows {
				if err := derive(ctx, c.Main, c.run.Today, f.Definition); err != nil {
					return fmt.Errorf("%s: %w", f.File, err)
				}
				if err := fillFinished(ctx, c.Main, c.run.Today, f.Definition); err != nil {
					return fmt.Errorf("%s: %w", f.File, err)
				}
			}
			if err := average(ctx, c.Main, f.Definition); err != nil {
				return fmt.Errorf("%s: %w", f.File, err)
			}
			if finishedRows {
				c.computed(time.Since(began), f.ID)
			}
		}
	}
	return nil
}

// notBegun takes out cells of periods that begin after a day.
const notBegun = "delete from cell as c where c.period_start > "

func filesOf(readings []*reading) string {
	var files []string
	for _, r := range readings {
		files = append(files, r.d.File)
	}
	return strings.Join(files, ", ")
}

// compute makes the cells of one group.
func (g *group) compute(ctx context.Context) error {
	r := g.head()
	found := &probe{Slices: make([]int64, len(r.passes))}
	if g.isAttached() {
		if err := g.foldAttached(ctx); err != nil {
			return err
		}
	} else {
		var err error
		if found, err = g.read(ctx); err != nil {
			return err
		}
		if err := g.foldAtoms(ctx, found); err != nil {
			return err
		}
		if r.arm != nil {
			if err := g.foldArm(ctx); err != nil {
				return err
			}
		}
	}
	for _, m := range g.metrics {
		if err := g.cells(ctx, m); err != nil {
			return err
		}
	}
	return g.tx.Exec(ctx, "delete from folded")
}

// read makes the atoms and looks at them; it reads all of them where those since
// a day alone would be sliced otherwise.
func (g *group) read(ctx context.Context) (*probe, error) {
	if err := g.atoms(ctx); err != nil {
		return nil, err
	}
	found, err := g.probe(ctx)
	if err != nil || !g.isNarrowed {
		return found, err
	}
	agrees, err := g.agrees(ctx, found)
	if err != nil || agrees {
		return found, err
	}
	g.widen()
	return g.read(ctx)
}

// foldAtoms places the atoms in the periods of each grain, and sweeps those
// that are not placed.
func (g *group) foldAtoms(ctx context.Context, found *probe) error {
	g.placing = g.place(found)
	passes := g.passes(found)
	made := map[string]bool{}
	for _, grain := range grains() {
		placed := g.placed(grain)
		if placed == "" {
			continue
		}
		if err := g.foldGrain(ctx, grain, placed, passes, made); err != nil {
			return err
		}
	}
	return g.sweepAll(ctx, passes)
}

func (g *group) foldGrain(ctx context.Context, grain, placed string, passes []pass, made map[string]bool) error {
	traits := traitsOf(g.head().traits, grain)
	if g.head().d.is("median") {
		return g.foldMedian(ctx, grain, placed, traits, passes)
	}
	from := "(\n" + placed + "\n)"
	if g.isCollapsed() {
		if err := g.collapse(ctx, grain, placed, g.smaller(grain, made)); err != nil {
			return err
		}
		made[grain] = true
		from = "collapsed_" + grain
	}
	if !g.isPlain() {
		return g.foldApart(ctx, grain, traits, passes)
	}
	if err := g.foldWhole(ctx, grain, g.rows(from, passes[0]), traits); err != nil {
		return err
	}
	for _, p := range passes[1:] {
		if err := g.foldSlices(ctx, grain, g.rows(from, p), p); err != nil {
			return err
		}
	}
	return nil
}

// isCollapsed reports whether atoms are collapsed once for all passes. What a
// mart says of periods is one row per person already: each pass reads its own.
func (g *group) isCollapsed() bool {
	r := g.head()
	return !g.isDaily && (!g.isPlain() || !r.has("grain") || r.has("happened_on"))
}

// smaller is the grain whose collapsed rows can be collapsed further instead
// of atoms: its periods lie whole in this one's, and all atoms are events.
func (g *group) smaller(grain string, made map[string]bool) string {
	r := g.head()
	if r.has("grain") || r.has("from_on") || r.d.Once != "" || g.placing.rolls || g.calendar != "" {
		return ""
	}
	switch {
	case grain == "quarter" && made["month"]:
		return "month"
	case grain == "year" && made["quarter"]:
		return "quarter"
	case grain == "year" && made["month"]:
		return "month"
	}
	return ""
}

// dropWork removes what only Compute reads.
func dropWork(ctx context.Context, tx Execer) error {
	tables := []string{"atom", "folded", "stated", "amounts", "piece", "step", "sampled", "kept_cell", "kpi_days"}
	for _, grain := range grains() {
		tables = append(tables, "collapsed_"+grain)
	}
	return drop(ctx, tx, tables...)
}

func drop(ctx context.Context, tx Execer, tables ...string) error {
	for _, table := range tables {
		if err := tx.Exec(ctx, "drop table if exists temp."+table); err != nil {
			return err
		}
	}
	return nil
}
