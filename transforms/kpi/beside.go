package kpi

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// computeApart makes the cells of the KPIs that have atoms, group by group on
// whatever connection is free, and leaves them all on Main. The last connection
// begins with periods to date.
func (c *computation) computeApart(ctx context.Context) error {
	groups, err := c.groups(ctx)
	if err != nil {
		return err
	}
	if err := c.people.needed(ctx, groups); err != nil {
		return err
	}
	waiting := make(chan *group, len(groups))
	for _, g := range groups {
		waiting <- g
	}
	close(waiting)
	tasks, apart := errgroup.WithContext(ctx)
	connections := append([]Execer{c.Main}, c.Beside...)
	for i, tx := range connections {
		w := &worker{computation: c, tx: tx, number: i, isLast: i == len(connections)-1}
		tasks.Go(func() error { return w.run(apart, waiting) })
	}
	if err := tasks.Wait(); err != nil {
		return err
	}
	for i := range c.Beside {
		if err := c.takeOver(ctx, i+1); err != nil {
			return err
		}
	}
	return c.noteWidened(ctx, groups)
}

// groups are the passes that KPIs with atoms are computed in.
func (c *computation) groups(ctx context.Context) ([]*group, error) {
	var readings []*reading
	for _, f := range c.configured {
		if f.ReadsCells() {
			continue
		}
		r, err := read(ctx, c.Main, f.Definition)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.File, err)
		}
		readings = append(readings, r)
	}
	var groups []*group
	for _, readings := range together(readings) {
		g, err := newGroup(c.Main, c.run.Today, readings)
		if err == nil {
			err = g.narrow(c.configured)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filesOf(readings), err)
		}
		groups = append(groups, g)
	}
	return groups, nil
}

// noteWidened takes the KPIs that were computed whole after all out of
// kpi_since.
func (c *computation) noteWidened(ctx context.Context, groups []*group) error {
	for _, g := range groups {
		if !g.isWidened {
			continue
		}
		if err := c.Main.Exec(ctx, "delete from kpi_since where kpi_id in ('"+strings.Join(g.ids(), "', '")+"')"); err != nil {
			return err
		}
	}
	return nil
}

// A worker computes groups on one connection.
type worker struct {
	*computation
	tx     Execer
	number int // 0 is Main
	isLast bool
}

func (w *worker) run(ctx context.Context, waiting <-chan *group) error {
	if w.isLast {
		if err := computeToDate(ctx, w.tx, w.computation.run, w.configured); err != nil {
			return err
		}
	}
	if err := w.prepare(ctx); err != nil {
		return err
	}
	for g := range waiting {
		began := time.Now()
		g.tx = w.tx
		if err := g.compute(ctx); err != nil {
			return fmt.Errorf("%s: %w", filesOf(g.readings), err)
		}
		w.mu.Lock()
		w.computed(time.Since(began), g.ids()...)
		w.mu.Unlock()
	}
	if w.number == 0 {
		return nil
	}
	return w.handOver(ctx)
}

// prepare makes the temporary tables that groups read and write.
func (w *worker) prepare(ctx context.Context) error {
	for _, step := range []func() error{
		func() error { return w.tx.Exec(ctx, createCells) },
		func() error { return w.tx.Exec(ctx, createFolded) },
		func() error { return loadHeaders(ctx, w.tx, w.computation.run.Zone, w.configured) },
		func() error { return loadDays(ctx, w.tx, w.computation.run, w.configured) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if w.number > 0 { // only Main fills gaps between cells
		return nil
	}
	return loadSince(ctx, w.tx, w.configured)
}

// handOver puts what the worker computed where Main finds it.
func (w *worker) handOver(ctx context.Context) error {
	tables := []string{"cell"}
	if w.isLast {
		tables = append(tables, "to_date_cell", "to_date_period")
	}
	for _, table := range tables {
		if err := w.tx.Exec(ctx, fmt.Sprintf("create or replace table %s.%s_%d as select * from temp.%[2]s", w.Shared, table, w.number)); err != nil {
			return err
		}
	}
	return nil
}

// takeOver adds what the worker of that number computed to Main's tables.
func (c *computation) takeOver(ctx context.Context, number int) error {
	statements := []string{fmt.Sprintf("insert into temp.cell select * from %s.cell_%d", c.Shared, number)}
	if number == len(c.Beside) {
		for _, table := range []string{"to_date_cell", "to_date_period"} {
			statements = append(statements, fmt.Sprintf("create or replace temp table %[1]s as select * from %[2]s.%[1]s_%[3]d", table, c.Shared, number))
		}
	}
	for _, statement := range statements {
		if err := c.Main.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
