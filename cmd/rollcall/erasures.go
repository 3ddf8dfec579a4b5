package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"rollcall/transforms"
)

// finishErasures erases what was asked for, whether now or by a process that
// died: each step may be repeated. The caller holds the building lock.
func (h *host) finishErasures(ctx context.Context, result *forgetResult, args publishArgs) error {
	models, err := h.models(ctx)
	if err != nil {
		return err
	}
	list, err := models.Suppression(ctx)
	if err != nil || list == nil {
		return err
	}
	if result.Deleted, result.Cut, err = h.engine.Erase(ctx, list); err != nil {
		return err
	}
	more, err := models.EraseLake(ctx)
	if err != nil {
		return err
	}
	for table, rows := range more {
		result.Deleted[table] += rows
	}
	result.Found = result.Found || len(result.Deleted)+len(result.Cut) > 0
	if err := h.publishWithout(ctx, result, args); err != nil {
		return err
	}
	if err := errors.Join(h.db.Lake.Renew(ctx), h.db.Marts.Renew(ctx)); err != nil {
		return err
	}
	if err := errors.Join(models.SettleErasures(ctx), h.db.Lake.Checkpoint(ctx)); err != nil {
		return err
	}
	result.Backups, err = h.backups(ctx)
	return err
}

// publishWithout makes the marts anew, and the one release that stays.
func (h *host) publishWithout(ctx context.Context, result *forgetResult, args publishArgs) error {
	older, err := filepath.Glob(filepath.Join(h.config().PublishedDir(), "releases", "*"))
	if err != nil {
		return err
	}
	var checks *transforms.ChecksFailed
	if _, err := h.buildNow(ctx, buildArgs{Full: true}); err != nil && (len(older) > 0 || !errors.As(err, &checks)) {
		return err
	}
	if len(older) == 0 {
		return nil
	}
	models, err := h.models(ctx)
	if err != nil {
		return err
	}
	release, err := models.Publish(ctx, transforms.PublishRequest{AcceptSchemaChange: args.AcceptSchemaChange, Alone: true})
	if err != nil {
		return err
	}
	result.Release, result.Removed = releaseOf(release, h.config()), len(older)
	return nil
}

// backups lists the copies of the lake that are known and still there.
func (h *host) backups(ctx context.Context) (paths []string, err error) {
	paths, err = filepath.Glob(filepath.Join(h.config().BackupsDir(), "*"))
	if err != nil {
		return nil, err
	}
	rows, err := h.db.SQL().QueryContext(ctx, "select distinct b.path from lake.ops.backup as b order by 1")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var path string
		if err := rows.Scan(&path); err != nil {
			return nil, err
		}
		if matches, _ := filepath.Glob(path); len(matches) > 0 {
			paths = append(paths, path)
		}
	}
	return paths, rows.Err()
}

// holdToErasures has syncs leave out what was erased, where anything was.
func (h *host) holdToErasures(ctx context.Context) error {
	var erased int
	if err := h.db.SQL().QueryRowContext(ctx, "select count(*) from lake.identity.suppression").Scan(&erased); err != nil || erased == 0 {
		return err
	}
	models, err := h.models(ctx)
	if err != nil {
		return err
	}
	list, err := models.Suppression(ctx)
	if err != nil || list == nil {
		return err
	}
	h.engine.Suppress(list)
	return nil
}

// settleErasures finishes what a process that died or a failed check left, before
// anything is published.
func (h *host) settleErasures(ctx context.Context, args publishArgs) (*releaseResult, error) {
	pending, err := transforms.PendingErasures(ctx, h.db)
	if err != nil || pending == 0 {
		return nil, err
	}
	h.log.Warn("finishing erasures that were cut short", "erasures", pending)
	var result forgetResult
	if err := h.finishErasures(ctx, &result, args); err != nil {
		return nil, fmt.Errorf("finish %d erasures that were asked for: %w", pending, err)
	}
	return result.Release, nil
}
