package main

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

type purgeArgs struct {
	Name string `json:"name"`
	// DryRun only checks that the name can be purged and counts its rows.
	DryRun bool `json:"dry_run,omitempty"`
}

type purgeResult struct {
	Instance string           `json:"instance"`
	Rows     map[string]int64 `json:"rows"` // versions by stream
	Token    bool             `json:"token"`
}

func (a *app) purgeCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "purge NAME",
		Short: "Delete what is kept of a connector that is no longer configured",
		Long: `Deletes every record, cursor and token kept of the connector NAME, and what
builds made of them in the lake. It refuses a name that is still configured.
It asks first, unless --yes is given. Published releases go as newer ones come.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var found, gone purgeResult
			if err := a.perform(cmd.Context(), "purge", purgeArgs{Name: args[0], DryRun: true}, nil, &found); err != nil {
				return err
			}
			if err := a.confirm(yes, fmt.Sprintf("Delete %s live records of %s for good?", count(total(found.Rows)), args[0])); err != nil {
				return err
			}
			if err := a.perform(cmd.Context(), "purge", purgeArgs{Name: args[0]}, nil, &gone); err != nil {
				return err
			}
			return a.printPurge(gone)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (a *app) printPurge(result purgeResult) error {
	if a.json {
		return a.printJSON(result)
	}
	t := newTable("STREAM", "ROWS DELETED")
	t.right(1)
	for stream, rows := range result.Rows {
		t.add(stream, count(rows))
	}
	slices.SortFunc(t.rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	if err := t.print(a.stdout, a.terminal); err != nil {
		return err
	}
	fmt.Fprintln(a.stderr, "next: rollcall build && rollcall publish; until then, and in the older releases kept by publish.keep, it is still published")
	return nil
}

func total(rows map[string]int64) int64 {
	var n int64
	for _, rows := range rows {
		n += rows
	}
	return n
}

// confirm asks on a terminal; elsewhere only --yes goes on.
func (a *app) confirm(yes bool, question string) error {
	if yes {
		return nil
	}
	if !a.asks {
		return usageError("there is no terminal to ask on: give --yes")
	}
	fmt.Fprintf(a.stderr, "%s [y/N] ", question)
	answer, err := bufio.NewReader(a.stdin).ReadString('\n')
	if err != nil || !slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer))) {
		return usageError("nothing was deleted")
	}
	return nil
}

func (h *host) purge(ctx context.Context, args purgeArgs, _ func(any)) (any, error) {
	if c, ok := h.config().Connector(args.Name); ok {
		return nil, usageError("%s is configured at %s: take its block out first, then purge it", args.Name, c.DefRange)
	}
	streams, err := h.engine.Status(ctx)
	if err != nil {
		return nil, err
	}
	result := purgeResult{Instance: args.Name, Rows: map[string]int64{}}
	kept := map[string]bool{}
	for _, s := range streams {
		if s.Configured {
			continue
		}
		kept[s.Instance] = true
		if s.Instance == args.Name {
			result.Rows[s.Stream] = s.Rows
		}
	}
	if !kept[args.Name] {
		return nil, unknown("kept connector", args.Name, sortedKeys(kept))
	}
	if args.DryRun {
		return result, nil
	}
	report, err := h.engine.Purge(ctx, args.Name)
	if err != nil {
		return nil, err
	}
	return purgeResult{Instance: args.Name, Rows: report.Rows, Token: report.Token}, nil
}

func sortedKeys(set map[string]bool) []string {
	var keys []string
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
