package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/transforms/identity"
)

func (a *app) identityStatsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stats",
		Short: "Count people, log-ins by source, matches, refusals and open suggestions",
		Long: `Counts who is who as of now. A log-in is matched where its person has one at
another instance as well, as in mart.identity_match; the KPI identity_match_rate
counts community log-ins whose person belongs to a company.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var stats identity.Stats
			if err := a.perform(cmd.Context(), "identity stats", noArgs{}, nil, &stats); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(stats)
			}
			return a.printStats(stats)
		},
	}
}

func (h *host) identityStats(ctx context.Context, _ noArgs, _ func(any)) (any, error) {
	if err := h.resolved(ctx); err != nil {
		return nil, err
	}
	return identity.Count(ctx, h.db.SQL())
}

func (a *app) printStats(s identity.Stats) error {
	err := lines(a.stdout, [][2]string{
		{"people", fmt.Sprintf("%s, of them %s with log-ins at two instances or more", count(s.People), count(s.InSeveral))},
		{"log-ins", fmt.Sprintf("%s, of them %s that may be linked", count(s.Logins), count(s.Linkable))},
		{"suggested", count(s.Open) + " links wait for somebody to decide: rollcall identity review"},
		{"refused", refusedText(s.Refusals)},
	}...)
	if err != nil {
		return err
	}
	t := newTable("SOURCE", "INSTANCE", "LOG-INS", "MAY BE LINKED", "MATCHED", "SHARE")
	t.right(2, 3, 4, 5)
	for _, i := range s.Instances {
		t.add(i.Source, i.Name, count(i.Logins), count(i.Linkable), count(i.Matched), fmt.Sprintf("%.1f%%", 100*float64(i.Matched)/float64(i.Logins)))
	}
	return t.print(a.stdout, a.terminal)
}

func refusedText(refusals map[string]int64) string {
	if len(refusals) == 0 {
		return "no link"
	}
	var list []string
	for _, rule := range slices.Sorted(maps.Keys(refusals)) {
		list = append(list, fmt.Sprintf("%s %s", count(refusals[rule]), strings.ReplaceAll(rule, "_", " ")))
	}
	return strings.Join(list, ", ")
}
