package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rollcall/sync"
	"rollcall/transforms"
)

type noArgs struct{}

// streamState is one stream of `status`.
type streamState struct {
	Type            string    `json:"type"`
	Instance        string    `json:"instance"`
	Stream          string    `json:"stream"`
	Mode            string    `json:"mode"`
	Configured      bool      `json:"configured"`
	LastGood        time.Time `json:"last_good,omitzero"`
	LastRun         time.Time `json:"last_run,omitzero"`
	LastStatus      string    `json:"last_status,omitempty"`
	Reason          string    `json:"reason,omitempty"`
	CoveredFrom     time.Time `json:"covered_from,omitzero"`
	CoveredUntil    time.Time `json:"covered_until,omitzero"`
	CoverageGaps    int       `json:"coverage_gaps"`
	Rows            int64     `json:"rows"`
	Deleted         int64     `json:"deleted"`
	Rejected        int64     `json:"rejected"`
	Skipped         int64     `json:"skipped"`
	Next            time.Time `json:"next,omitzero"`
	PausedUntil     time.Time `json:"paused_until,omitzero"`
	EstimatedFinish time.Time `json:"estimated_finish,omitzero"`
}

type statusResult struct {
	DataDir string        `json:"data_dir"`
	Streams []streamState `json:"streams"`
	Build   buildState    `json:"build"`
	// PendingErasures were asked for and are not finished.
	PendingErasures int `json:"pending_erasures,omitempty"`
}

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show each stream and the last build: what is done, what failed, what is next",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var result statusResult
			err := a.perform(cmd.Context(), "status", noArgs{}, nil, &result)
			if err != nil {
				return err
			}
			return a.printStatus(result)
		},
	}
}

func (h *host) status(ctx context.Context, _ noArgs, _ func(any)) (any, error) {
	streams, err := h.engine.Status(ctx)
	if err != nil {
		return nil, err
	}
	result := statusResult{DataDir: h.config().DataDir, Streams: []streamState{}}
	for _, s := range streams {
		result.Streams = append(result.Streams, stateOf(s))
	}
	if result.PendingErasures, err = transforms.PendingErasures(ctx, h.db); err != nil {
		return nil, err
	}
	result.Build, err = h.buildState(ctx)
	return result, err
}

func stateOf(s sync.StreamStatus) streamState {
	return streamState{
		Type: s.Type, Instance: s.Instance, Stream: s.Stream, Mode: s.Mode, Configured: s.Configured,
		LastGood: s.LastGood, LastRun: s.LastRun, LastStatus: string(s.LastStatus), Reason: s.Reason,
		CoveredFrom: s.CoveredFrom, CoveredUntil: s.CoveredUntil, CoverageGaps: s.CoverageGaps,
		Rows: s.Rows, Deleted: s.Deleted, Rejected: s.Rejected, Skipped: s.Skipped,
		Next: s.Next, PausedUntil: s.PausedUntil, EstimatedFinish: s.EstimatedFinish,
	}
}

func (a *app) printStatus(result statusResult) error {
	if a.json {
		return a.printJSON(result)
	}
	if result.PendingErasures > 0 {
		fmt.Fprintf(a.stdout, "%s not finished: `rollcall publish` finishes it\n\n", counted(int64(result.PendingErasures), "erasure"))
	}
	if len(result.Streams) == 0 {
		fmt.Fprintln(a.stdout, "no connector is configured; `rollcall init TYPE` shows how")
		return result.Build.print(a.stdout)
	}
	t := newTable("CONNECTOR", "STREAM", "STATUS", "LAST GOOD", "COVERED", "ROWS", "DELETED", "REJECTED", "NEXT", "WHY")
	t.right(5, 6, 7)
	for _, s := range result.Streams {
		t.add(s.Instance, s.Stream, s.word(), moment(s.LastGood), s.covered(), count(s.Rows), count(s.Deleted), count(s.Rejected), moment(s.Next), s.why())
	}
	return errors.Join(t.print(a.stdout, a.terminal), result.Build.print(a.stdout))
}

// word is the stream's state in one word.
func (s streamState) word() string {
	switch {
	case !s.Configured:
		return "kept" // data of an instance taken out of the config
	case s.LastStatus == "":
		return "never run"
	}
	return s.LastStatus
}

func (s streamState) covered() string {
	if s.CoveredUntil.IsZero() {
		return "-"
	}
	text := fmt.Sprintf("%s to %s", s.CoveredFrom.UTC().Format(time.DateOnly), s.CoveredUntil.UTC().Format(time.DateOnly))
	if s.CoverageGaps > 0 {
		text += fmt.Sprintf(" (%d gaps before)", s.CoverageGaps)
	}
	return text
}

func (s streamState) why() string {
	run := runResult{Reason: s.Reason, PausedUntil: s.PausedUntil, EstimatedFinish: s.EstimatedFinish}
	if !s.Configured {
		return fmt.Sprintf("no longer configured; `rollcall purge %s` deletes it", s.Instance)
	}
	return run.why()
}
