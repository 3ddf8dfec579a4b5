package transforms

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/warehouse"
	"rollcall/transforms/kpi"
)

// A past is what the lake's history says of the builds before.
type past struct {
	versions  []kpi.Version
	lastBuild string               // the last one whose checks passed; "": none
	began     time.Time            // that one, UTC
	sources   map[string]time.Time // type:instance:stream -> complete from
	changed   map[string]string    // table -> the build that changed it last
	moves     moves                // of people, since that build
}

func readPast(ctx context.Context, tx *warehouse.Tx) (*past, error) {
	p := &past{sources: map[string]time.Time{}, changed: map[string]string{}}
	return p, errors.Join(p.readVersions(ctx, tx), p.readSources(ctx, tx), p.readChanges(ctx, tx))
}

func (p *past) readVersions(ctx context.Context, tx *warehouse.Tx) error {
	return scanRows(ctx, tx, `select d.kpi_id, d.definition_version, d.header_version, d.sql_hash, d.select_hash, d.valid_from, d.retired_at is not null
from lake.history.definition as d order by d.kpi_id, d.definition_version`, func(scan func(...any) error) error {
		var v kpi.Version
		err := scan(&v.ID, &v.Number, &v.Header, &v.Hash, &v.SelectHash, &v.ValidFrom, &v.Retired)
		p.versions = append(p.versions, v)
		return err
	})
}

func (p *past) readSources(ctx context.Context, tx *warehouse.Tx) error {
	return scanRows(ctx, tx, "select s.stream, s.covered_from from lake.history.source as s", func(scan func(...any) error) error {
		var stream string
		var from time.Time
		err := scan(&stream, &from)
		p.sources[stream] = from
		return err
	})
}

func (p *past) readChanges(ctx context.Context, tx *warehouse.Tx) error {
	err := scanRows(ctx, tx, "select c.name, c.build_id from lake.staged.change as c", func(scan func(...any) error) error {
		var name, buildID string
		err := scan(&name, &buildID)
		p.changed[name] = buildID
		return err
	})
	if err != nil {
		return err
	}
	return scanRows(ctx, tx, "select b.build_id, b.written_at from lake.history.build as b order by b.written_at desc, b.build_id desc limit 1", func(scan func(...any) error) error {
		return scan(&p.lastBuild, &p.began)
	})
}

// reason says why values of the KPI that had settled are others in this build:
// the first of a new definition or rule, a source that is new or reaches
// further back, people who were erased, and records that arrived or changed.
// Where nothing of these happened, people were merged or split, or how facts are
// made from records has changed. Of a value that late records may have changed,
// the value history asks whether people who moved stand in it.
func (b *Builder) reason(e *kpi.Entry, p *past, build *Build) kpi.Reason {
	switch {
	case e.Break != kpi.Unbroken && e.IsRule:
		return kpi.ByRule
	case e.Break != kpi.Unbroken:
		return kpi.ByDefinition
	}
	shapes := b.feedingShapes(e.Definition)
	isLate := false
	for _, shapeName := range shapes {
		for _, key := range b.feeding(shapeName, e.Sources, build.watermarks) {
			covered := build.watermarks.of(key).covered
			if len(covered) == 0 {
				continue
			}
			from, isKnown := p.sources[key.Type+":"+key.Instance+":"+key.Stream]
			if !isKnown || covered[0].From.Before(from) {
				return kpi.ByBackfill
			}
		}
		isLate = isLate || stampOf(p.changed["staging."+shapeName]) > stampOf(p.lastBuild)
	}
	switch {
	case p.moves.erased:
		return kpi.ByErasure
	case isLate:
		return kpi.ByLateData
	case p.moves.merged:
		return kpi.ByMerge
	}
	return kpi.ByRestated
}

// stampOf is the part of a build's id that orders builds by time.
func stampOf(buildID string) string {
	stamp, _, _ := strings.Cut(buildID, "-")
	return stamp
}

// feedingShapes are all shapes below the KPI, through those it depends on too.
func (b *Builder) feedingShapes(d *kpi.Definition) []string {
	reads, _ := b.trees[d.ID].references()
	shapes := b.shapesReached(reads)
	for _, id := range d.Depends {
		for _, other := range b.kpis {
			if other.ID == id {
				shapes = append(shapes, b.feedingShapes(other)...)
			}
		}
	}
	slices.Sort(shapes)
	return slices.Compact(shapes)
}

// remember adds the build in the marts to the lake's history, once its checks
// have passed and before anybody is shown it. Twice is as good as once.
func (b *Builder) remember(ctx context.Context, build *Build) error {
	if build.Status != StatusPassed {
		return nil
	}
	return b.rememberBuild(ctx, build.ID)
}

func (b *Builder) rememberBuild(ctx context.Context, buildID string) error {
	err := b.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		for _, statement := range kpi.Remember() {
			if err := tx.Exec(ctx, statement, buildID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("add build %s to the history: %w", buildID, err)
	}
	return nil
}
