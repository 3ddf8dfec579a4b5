package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"rollcall/internal/config"
	"rollcall/transforms"
)

type buildArgs struct {
	Full    bool     `json:"full,omitempty"`
	Select  []string `json:"select,omitempty"`
	Explain bool     `json:"explain,omitempty"`
}

type publishArgs struct {
	AcceptSchemaChange bool `json:"accept_schema_change,omitempty"`
}

// buildResult is a finished build, as printed and as sent.
type buildResult struct {
	ID            string            `json:"build"`
	Status        string            `json:"status"`
	Started       time.Time         `json:"started"`
	Finished      time.Time         `json:"finished"`
	Models        int               `json:"models"`
	KPIs          int               `json:"kpis"`
	NotConfigured map[string]string `json:"not_configured,omitempty"`
	Checks        []checkResult     `json:"checks,omitempty"` // those that found something
}

// buildStep is what a build would do with a model or a KPI, and why.
type buildStep struct {
	Name   string `json:"name"`
	Action string `json:"action"`
	Reason string `json:"reason"`
}

type checkResult struct {
	Name     string `json:"name"`
	Severity string `json:"severity"`
	Rows     int64  `json:"rows"`
	Sample   string `json:"sample,omitempty"`
}

// releaseResult is a published build.
type releaseResult struct {
	Build string `json:"build"`
	Path  string `json:"path"`
}

func (a *app) buildCommand() *cobra.Command {
	var args buildArgs
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Compute every model and KPI from what is in the lake",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if args.Explain {
				var steps []buildStep
				if err := a.perform(cmd.Context(), "build", args, nil, &steps); err != nil {
					return err
				}
				return a.printSteps(steps)
			}
			var result buildResult
			err := a.perform(cmd.Context(), "build", args, nil, &result)
			if result.ID == "" {
				return err
			}
			return errors.Join(a.printBuild(result), err)
		},
	}
	cmd.Flags().BoolVar(&args.Full, "full", false, "stage every record and compute everything again, not only what changed")
	cmd.Flags().StringSliceVar(&args.Select, "select", nil, "build these models and KPIs only; NAME+ with all that reads it, +NAME with all that it reads; not published")
	cmd.Flags().BoolVar(&args.Explain, "explain", false, "say what would be computed and why; nothing is written")
	return cmd
}

func (a *app) publishCommand() *cobra.Command {
	var args publishArgs
	cmd := &cobra.Command{
		Use:   "publish",
		Short: "Publish the last build as a DuckDB file and as Parquet",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var result releaseResult
			if err := a.perform(cmd.Context(), "publish", args, nil, &result); err != nil {
				return err
			}
			return a.printRelease(result)
		},
	}
	cmd.Flags().BoolVar(&args.AcceptSchemaChange, "accept-schema-change", false, "publish although a column disappeared or changed its type")
	return cmd
}

func (a *app) printBuild(result buildResult) error {
	if a.json {
		return a.printJSON(result)
	}
	for _, check := range result.Checks {
		fmt.Fprintf(a.stderr, "check %s (%s): %s rows %s\n", check.Name, check.Severity, count(check.Rows), check.Sample)
	}
	if n := len(result.NotConfigured); n > 0 {
		fmt.Fprintf(a.stderr, "%d KPIs are not configured: `kpi list` says which source each misses\n", n)
	}
	_, err := fmt.Fprintf(a.stdout, "built %s: %s, %d models, %d KPIs in %s\n", result.ID, result.Status, result.Models, result.KPIs, took(result.Finished.Sub(result.Started)))
	return err
}

func (a *app) printSteps(steps []buildStep) error {
	if a.json {
		return a.printJSON(steps)
	}
	t := newTable("name", "action", "reason")
	for _, step := range steps {
		t.add(step.Name, step.Action, step.Reason)
	}
	return t.print(a.stdout, a.terminal)
}

func (a *app) printRelease(result releaseResult) error {
	if a.json {
		return a.printJSON(result)
	}
	_, err := fmt.Fprintf(a.stdout, "published %s: duckdb -readonly %s\n", result.Build, result.Path)
	return err
}

func (h *host) build(ctx context.Context, args buildArgs, _ func(any)) (any, error) {
	h.building.Lock()
	defer h.building.Unlock()
	if args.Explain {
		return h.explain(ctx, args)
	}
	result, err := h.buildNow(ctx, args)
	if result == nil {
		return nil, err
	}
	return result, err
}

func (h *host) explain(ctx context.Context, args buildArgs) (_ any, err error) {
	models, err := h.models(ctx)
	if err != nil {
		return nil, err
	}
	memory := h.config().Memory
	if err := h.db.SetMemoryLimit(ctx, memory.Build); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.db.SetMemoryLimit(context.WithoutCancel(ctx), memory.Sync)) }()
	steps, err := models.Plan(ctx, transforms.BuildRequest{Full: args.Full, Select: args.Select})
	if err != nil {
		return nil, selectable(err)
	}
	explained := []buildStep{}
	for _, step := range steps {
		explained = append(explained, buildStep{Name: step.Name, Action: string(step.Action), Reason: step.Reason})
	}
	return explained, nil
}

// selectable makes a name that nothing has a usage error.
func selectable(err error) error {
	var name *transforms.UnknownModel
	if errors.As(err, &name) {
		return unknown("model or KPI", name.Name, name.Known)
	}
	return err
}

// buildNow builds with the memory a build may have. A build whose checks
// failed is returned beside the error.
func (h *host) buildNow(ctx context.Context, args buildArgs) (_ *buildResult, err error) {
	models, err := h.models(ctx)
	if err != nil {
		return nil, err
	}
	memory := h.config().Memory
	if err := h.db.SetMemoryLimit(ctx, memory.Build); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.db.SetMemoryLimit(context.WithoutCancel(ctx), memory.Sync)) }()
	built, err := models.Build(ctx, transforms.BuildRequest{Full: args.Full, Select: args.Select})
	if built == nil {
		return nil, selectable(err)
	}
	return buildOf(built), err
}

func (h *host) publish(ctx context.Context, args publishArgs, _ func(any)) (any, error) {
	h.building.Lock()
	defer h.building.Unlock()
	result, err := h.publishNow(ctx, args)
	if result == nil {
		return nil, err
	}
	return result, err
}

func (h *host) publishNow(ctx context.Context, args publishArgs) (*releaseResult, error) {
	if release, err := h.settleErasures(ctx, args); err != nil || release != nil {
		return release, err
	}
	models, err := h.models(ctx)
	if err != nil {
		return nil, err
	}
	release, err := models.Publish(ctx, transforms.PublishRequest{AcceptSchemaChange: args.AcceptSchemaChange})
	if err != nil {
		return nil, err
	}
	return releaseOf(release, h.config()), nil
}

// buildAndPublish is the second half of every scheduled round.
func (h *host) buildAndPublish(ctx context.Context) (*buildResult, *releaseResult, error) {
	h.building.Lock()
	defer h.building.Unlock()
	built, err := h.buildNow(ctx, buildArgs{})
	if err != nil {
		return built, nil, err
	}
	release, err := h.publishNow(ctx, publishArgs{})
	return built, release, err
}

func buildOf(b *transforms.Build) *buildResult {
	result := &buildResult{
		ID: b.ID, Status: string(b.Status), Started: b.Started, Finished: b.Finished,
		Models: b.Models, KPIs: b.KPIs, NotConfigured: b.NotConfigured,
	}
	for _, check := range b.Checks {
		if check.FailingRows > 0 {
			result.Checks = append(result.Checks, checkOf(check))
		}
	}
	return result
}

func checkOf(r transforms.CheckResult) checkResult {
	return checkResult{Name: r.Check, Severity: r.Severity, Rows: r.FailingRows, Sample: r.Sample}
}

func releaseOf(release *transforms.Release, cfg *config.Config) *releaseResult {
	return &releaseResult{Build: release.BuildID, Path: filepath.Join(cfg.PublishedDir(), "rollcall.duckdb")}
}
