package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/internal/config"
	"rollcall/sync"
)

type syncArgs struct {
	Names         []string `json:"names,omitempty"`
	Streams       []string `json:"streams,omitempty"`
	Since         string   `json:"since,omitempty"`
	Full          bool     `json:"full,omitempty"`
	AcceptDeletes bool     `json:"accept_deletes,omitempty"`
}

// runResult is what one run of a stream did, as printed and as sent.
type runResult struct {
	Type            string    `json:"type"`
	Instance        string    `json:"instance"`
	Stream          string    `json:"stream"`
	Run             int64     `json:"run,omitempty"`
	Status          string    `json:"status"`
	Reason          string    `json:"reason,omitempty"`
	Started         time.Time `json:"started,omitzero"`
	Finished        time.Time `json:"finished,omitzero"`
	Records         int64     `json:"records"`
	Appended        int64     `json:"appended"`
	Unchanged       int64     `json:"unchanged"`
	Tombstones      int64     `json:"tombstones"`
	Rejected        int64     `json:"rejected"`
	HeldBack        int64     `json:"held_back,omitempty"`
	PausedUntil     time.Time `json:"paused_until,omitzero"`
	EstimatedFinish time.Time `json:"estimated_finish,omitzero"`
}

type syncResult struct {
	Runs []runResult `json:"runs"`
}

func (a *app) syncCommand() *cobra.Command {
	var args syncArgs
	cmd := &cobra.Command{
		Use:   "sync [NAME…]",
		Short: "Read the configured sources into the lake",
		Long: `Reads what changed in all sources, or in those named, into lake.duckdb.

A stream the credentials may not read is reported and skipped. A stream that
pauses (rate limit) or fails ends the command with exit code 5; the others are
stored all the same, and the next sync goes on where each one stopped.`,
		Example: `  rollcall sync
  rollcall sync forum --stream posts --full
  rollcall sync forum --since 90d`,
		RunE: func(cmd *cobra.Command, names []string) error {
			args.Names = names
			if err := checkSyncArgs(args, a.now()); err != nil {
				return err
			}
			show := a.newProgress()
			var result syncResult
			err := a.perform(cmd.Context(), "sync", args, show.raw, &result)
			show.end()
			return errors.Join(a.printRuns(result, err), err)
		},
	}
	cmd.Flags().StringArrayVar(&args.Streams, "stream", nil, "only this stream (may be repeated)")
	cmd.Flags().StringVar(&args.Since, "since", "", "read again what changed since 2026-01-31, or in the last 90d")
	cmd.Flags().BoolVar(&args.Full, "full", false, "read from the beginning; what is no longer listed is marked deleted")
	cmd.Flags().BoolVar(&args.AcceptDeletes, "accept-deletes", false, "mark deleted even more than max_delete_share of a stream")
	return cmd
}

// checkSyncArgs finds what is wrong with the flags alone.
func checkSyncArgs(args syncArgs, now time.Time) error {
	if args.Full && args.Since != "" {
		return usageError("--full reads everything and --since a part: give one of them")
	}
	_, err := parseSince(args.Since, now, time.UTC)
	return err
}

// parseSince reads "2026-01-31", the start of that day in zone, or "90d".
func parseSince(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		if day.After(now) {
			return time.Time{}, usageError("--since %s lies in the future", text)
		}
		return day, nil
	}
	if d, err := config.ParseDuration(text); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, usageError("--since %q is neither a day like 2026-01-31 nor a span like 90d", text)
}

// sync carries the command out.
func (h *host) sync(ctx context.Context, args syncArgs, emit func(any)) (any, error) {
	cfg := h.config()
	if err := checkSyncArgs(args, h.app.now()); err != nil {
		return nil, err
	}
	since, err := parseSince(args.Since, h.app.now(), cfg.TimeZone)
	if err != nil {
		return nil, err
	}
	selections, err := selectStreams(cfg, args.Names, args.Streams)
	if err != nil {
		return nil, err
	}
	offer, drain := relay(emit)
	defer drain()
	defer h.listen(func(event sync.Event) {
		if slices.ContainsFunc(selections, func(s sync.Selection) bool { return s.Instance == event.Instance }) {
			offer(event)
		}
	})()
	return h.runStreams(ctx, sync.Request{Selections: selections, Since: since, Full: args.Full, AcceptDeletes: args.AcceptDeletes})
}

// runStreams syncs and turns unhappy ends into exit code 5.
func (h *host) runStreams(ctx context.Context, request sync.Request) (syncResult, error) {
	outcomes, err := h.engine.Sync(ctx, request)
	result := syncResult{Runs: []runResult{}}
	for _, outcome := range outcomes {
		result.Runs = append(result.Runs, resultOf(outcome))
	}
	if err != nil {
		return result, err
	}
	return result, unfinished(result.Runs)
}

// unfinished is the error of streams that did not end well; a forbidden one is
// no fault.
func unfinished(runs []runResult) error {
	var names []string
	for _, run := range runs {
		switch sync.Status(run.Status) {
		case sync.StatusOK, sync.StatusForbidden:
		default:
			names = append(names, fmt.Sprintf("%s/%s %s", run.Instance, run.Stream, run.Status))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &exitError{exitPartial, fmt.Errorf("%d of %d streams did not finish: %s", len(names), len(runs), strings.Join(names, ", "))}
}

func resultOf(o sync.Outcome) runResult {
	return runResult{
		Type: o.Type, Instance: o.Instance, Stream: o.Stream, Run: o.RunID, Status: string(o.Status), Reason: o.Reason,
		Started: o.Started, Finished: o.Finished, Records: o.Records, Appended: o.Appended, Unchanged: o.Unchanged,
		Tombstones: o.Tombstones, Rejected: o.Rejected, HeldBack: o.HeldBack, PausedUntil: o.PausedUntil, EstimatedFinish: o.EstimatedFinish,
	}
}

// selectStreams resolves names and streams against the configuration. Without
// names a stream selects every instance that has it.
func selectStreams(cfg *config.Config, names, streams []string) ([]sync.Selection, error) {
	var all []string
	for _, c := range cfg.Connectors {
		all = append(all, c.Name)
	}
	for _, name := range names {
		if !slices.Contains(all, name) {
			return nil, unknown("connector", name, all)
		}
	}
	if len(all) == 0 {
		return nil, usageError("no connector is configured; `rollcall init TYPE` shows how")
	}
	var selections []sync.Selection
	var offered []string
	found := map[string]bool{}
	for _, c := range cfg.Connectors {
		if len(names) > 0 && !slices.Contains(names, c.Name) {
			continue
		}
		selection := sync.Selection{Instance: c.Name}
		for _, stream := range c.Spec.Streams {
			offered = append(offered, stream.Name)
			if slices.Contains(streams, stream.Name) {
				selection.Streams = append(selection.Streams, stream.Name)
				found[stream.Name] = true
			}
		}
		if len(streams) == 0 || len(selection.Streams) > 0 {
			selections = append(selections, selection)
		}
	}
	for _, stream := range streams {
		if !found[stream] {
			slices.Sort(offered)
			return nil, unknown("stream", stream, slices.Compact(offered))
		}
	}
	return selections, nil
}

// printRuns shows what a sync did, beside err if there is one.
func (a *app) printRuns(result syncResult, err error) error {
	if a.json {
		if result.Runs == nil {
			return nil // nothing was done; the error says why
		}
		return a.printJSON(result)
	}
	if len(result.Runs) == 0 {
		return nil
	}
	t := newTable("CONNECTOR", "STREAM", "STATUS", "RECORDS", "NEW", "UNCHANGED", "DELETED", "REJECTED", "TOOK", "WHY")
	t.right(3, 4, 5, 6, 7, 8)
	for _, r := range result.Runs {
		t.add(r.Instance, r.Stream, r.Status, count(r.Records), count(r.Appended), count(r.Unchanged), count(r.Tombstones), count(r.Rejected),
			took(r.Finished.Sub(r.Started)), r.why())
	}
	return t.print(a.stdout, a.terminal)
}

// why explains an end other than ok in a line.
func (r runResult) why() string {
	var parts []string
	if r.Reason != "" {
		parts = append(parts, r.Reason)
	}
	if !r.PausedUntil.IsZero() {
		parts = append(parts, "goes on at "+moment(r.PausedUntil))
	}
	if !r.EstimatedFinish.IsZero() && r.Status != string(sync.StatusOK) {
		parts = append(parts, "done about "+moment(r.EstimatedFinish))
	}
	if r.HeldBack > 0 {
		parts = append(parts, fmt.Sprintf("%s deletions held back: look, then --accept-deletes", count(r.HeldBack)))
	}
	return strings.Join(parts, "; ")
}

// decodeEvent reads an engine event that crossed as JSON.
func decodeEvent(raw json.RawMessage) (sync.Event, bool) {
	var event sync.Event
	err := json.Unmarshal(raw, &event)
	return event, err == nil && event.Instance != ""
}
