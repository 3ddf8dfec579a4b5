package transforms

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/warehouse"
	"rollcall/transforms/kpi"
)

// A streamKey names one stream of one configured instance.
type streamKey struct{ Type, Instance, Stream string }

// A watermark is what sync has recorded of one stream, as of the build's cut.
type watermark struct {
	hasRows   bool
	forbidden bool // the last run was refused: the credentials do not reach it
	covered   []kpi.Interval
}

// watermarks are read in the build's own snapshot of the lake.
type watermarks map[streamKey]*watermark

func (w watermarks) of(key streamKey) *watermark {
	if w[key] == nil {
		w[key] = &watermark{}
	}
	return w[key]
}

// hasSynced reports whether the stream ever brought anything or claimed to be
// complete.
func (m *watermark) hasSynced() bool { return m.hasRows || len(m.covered) > 0 }

// readWatermarks reads coverage, the runs of each stream, and which instances
// have rows. A stream that claims no ranges (a listing) is complete up to the
// start of its last clean run.
func readWatermarks(ctx context.Context, conn *sql.Conn, plan *stagingPlan) (watermarks, error) {
	marks := watermarks{}
	if err := marks.readCoverage(ctx, conn); err != nil {
		return nil, err
	}
	if err := marks.readRuns(ctx, conn); err != nil {
		return nil, err
	}
	for _, streams := range []map[streamKey]stagedStream{plan.staged, plan.kept} {
		for key := range streams {
			marks.of(key).hasRows = true
		}
	}
	return marks, nil
}

func (w watermarks) readCoverage(ctx context.Context, conn *sql.Conn) error {
	found, err := tableExists(ctx, conn, warehouse.LakeCatalog, "ops", "coverage")
	if err != nil || !found {
		return err
	}
	rows, err := conn.QueryContext(ctx, "select type, instance, stream, from_at, until_at from lake.ops.coverage")
	if err != nil {
		return err
	}
	for rows.Next() {
		var key streamKey
		var r kpi.Interval
		if err := rows.Scan(&key.Type, &key.Instance, &key.Stream, &r.From, &r.Until); err != nil {
			return errors.Join(err, rows.Close())
		}
		mark := w.of(key)
		mark.covered = kpi.Union(append(mark.covered, r))
	}
	return errors.Join(rows.Err(), rows.Close())
}

func (w watermarks) readRuns(ctx context.Context, conn *sql.Conn) error {
	found, err := tableExists(ctx, conn, warehouse.LakeCatalog, "ops", "run")
	if err != nil || !found {
		return err
	}
	rows, err := conn.QueryContext(ctx, `select type, instance, stream, max_by(status, run_id),
    max(started_at) filter (where status = 'ok' and kind <> 'since')
from lake.ops.run where status not in ('running', 'skipped') group by type, instance, stream`)
	if err != nil {
		return err
	}
	for rows.Next() {
		var key streamKey
		var status string
		var completeAt sql.NullTime
		if err := rows.Scan(&key.Type, &key.Instance, &key.Stream, &status, &completeAt); err != nil {
			return errors.Join(err, rows.Close())
		}
		mark := w.of(key)
		mark.forbidden = status == "forbidden"
		if len(mark.covered) == 0 && completeAt.Valid {
			mark.covered = []kpi.Interval{{Until: completeAt.Time}}
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// feeding lists the streams of instances of the kinds that fill the shape: those
// that are read, and those that were once.
func (b *Builder) feeding(shapeName string, kinds []string, marks watermarks) []streamKey {
	var keys []streamKey
	for _, branch := range b.shapes[shapeName].branches {
		for _, source := range b.opts.Sources {
			if source.Type != branch.stream.Type {
				continue
			}
			for _, instance := range source.Instances {
				key := streamKey{source.Type, instance.Name, branch.stream.Name}
				isRead := !slices.Contains(instance.Unread, key.Stream) || marks.of(key).hasSynced()
				if isRead && overlaps(instance.Kinds, kinds) && !slices.Contains(keys, key) {
					keys = append(keys, key)
				}
			}
		}
	}
	return keys
}

func overlaps(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// keptFeeding lists the streams of instances that were taken out of the
// configuration, whose records still fill the shape.
func (p *stagingPlan) keptFeeding(shapeName string, kinds []string) []streamKey {
	var keys []streamKey
	for key, s := range p.kept {
		if slices.Contains(strings.Split(s.shapes, ","), shapeName) && overlaps(strings.Split(s.kinds, ","), kinds) {
			keys = append(keys, key)
		}
	}
	return keys
}

// configured decides whether any source can feed the KPI: each shape it needs,
// and of those of which one is enough at least one, is filled by at least one
// stream, of an instance of its kinds, that has synced. It returns the event
// time complete in every stream that takes part; a stream that the credentials
// do not reach takes no part, one that never ran leaves nothing complete.
func (b *Builder) configured(d *kpi.Definition, build *Build) (covered []kpi.Interval, lacking string) {
	covered = []kpi.Interval{{From: time.Time{}, Until: b.opts.Now()}}
	for _, shapeName := range b.needs(d) {
		complete, synced := b.coverage(shapeName, d.Sources, build)
		if !synced {
			return nil, b.lacking(d, shapeName, build)
		}
		covered = kpi.Intersect(covered, complete)
	}
	var reasons []string
	for _, shapeName := range d.NeedsAny {
		complete, synced := b.coverage(shapeName, d.Sources, build)
		if !synced {
			reasons = append(reasons, b.lacking(d, shapeName, build))
			continue
		}
		covered = kpi.Intersect(covered, complete)
	}
	if len(d.NeedsAny) > 0 && len(reasons) == len(d.NeedsAny) {
		return nil, "one of these is needed: " + strings.Join(reasons, "; or ")
	}
	return covered, ""
}

// lacking says in an operator's words why nothing fills the shape.
func (b *Builder) lacking(d *kpi.Definition, shapeName string, build *Build) string {
	var refused, unread []string
	for _, key := range b.feeding(shapeName, d.Sources, build.watermarks) {
		name := key.Type + "." + key.Instance + " " + key.Stream
		if build.watermarks.of(key).forbidden {
			refused = append(refused, name)
		} else {
			unread = append(unread, name)
		}
	}
	kinds := strings.Join(d.Sources, " or ")
	switch {
	case len(unread) > 0:
		return fmt.Sprintf("no %s: not synced yet: %s; run `rollcall sync`", shapeName, strings.Join(unread, ", "))
	case len(refused) > 0:
		return fmt.Sprintf("no %s: the credentials may not read %s; give them access and sync again", shapeName, strings.Join(refused, ", "))
	}
	return fmt.Sprintf("no %s: no configured %s source has it; connect one that does, or bring it through files", shapeName, kinds)
}

// coverage is the event time complete in every stream that feeds the shape. An
// instance that was taken out of the configuration brings nothing new: beside
// others it is complete from its last sync on, alone it ends there.
func (b *Builder) coverage(shapeName string, kinds []string, build *Build) (covered []kpi.Interval, synced bool) {
	covered = []kpi.Interval{{From: time.Time{}, Until: b.opts.Now()}}
	for _, key := range b.feeding(shapeName, kinds, build.watermarks) {
		mark := build.watermarks.of(key)
		if mark.forbidden && !mark.hasSynced() {
			continue
		}
		synced = synced || mark.hasSynced()
		covered = kpi.Intersect(covered, mark.covered)
	}
	isAlone := !synced
	for _, key := range build.plan.keptFeeding(shapeName, kinds) {
		complete := build.watermarks.of(key).covered
		if last := len(complete) - 1; !isAlone && last >= 0 {
			complete = kpi.Union(append(slices.Clone(complete), kpi.Interval{From: complete[last].Until, Until: b.opts.Now()}))
		}
		synced = true
		covered = kpi.Intersect(covered, complete)
	}
	return covered, synced
}

// A watermarkRow is one covered range, as kpi.build and the manifest show it.
type watermarkRow struct {
	Type     string    `json:"type"`
	Instance string    `json:"instance"`
	Stream   string    `json:"stream"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
}

// rows lists every covered range, sorted.
func (w watermarks) rows() []watermarkRow {
	rows := []watermarkRow{}
	for key, mark := range w {
		for _, r := range mark.covered {
			rows = append(rows, watermarkRow{key.Type, key.Instance, key.Stream, r.From, r.Until})
		}
	}
	slices.SortFunc(rows, func(a, b watermarkRow) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Stream, b.Stream), a.From.Compare(b.From))
	})
	return rows
}
