package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/internal/config"
	"rollcall/transforms"
)

type kpiArgs struct {
	ID string `json:"kpi"`
}

type kpiListArgs struct {
	Primary bool `json:"primary"` // only those that the configuration names
}

func (a *app) kpiCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kpi",
		Short: "List KPIs, show what one means, explain one of its values",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.kpiListCommand(), a.kpiShowCommand(), a.kpiExplainCommand())
	return cmd
}

func (a *app) kpiListCommand() *cobra.Command {
	var args kpiListArgs
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List every KPI with its newest whole value, how it moved, and what is missing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := []transforms.KPISummary{}
			if err := a.perform(cmd.Context(), "kpi list", args, nil, &list); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(list)
			}
			return a.printKPIs(list)
		},
	}
	cmd.Flags().BoolVar(&args.Primary, "primary", false, "only the primary KPIs, in the configuration's order")
	return cmd
}

func (a *app) printKPIs(list []transforms.KPISummary) error {
	if len(list) == 0 {
		fmt.Fprintln(a.stderr, noPrimary)
	}
	t := newTable("KPI", "NAME", "PERIOD", "VALUE", "CHANGE", "STATUS")
	t.right(3, 4)
	for _, s := range list {
		t.add(s.ID, s.Name, dash(s.Period), shown(s.Value, s.Unit, s.Decimals), signedPercent(s.Change), stateOfKPI(s))
	}
	return t.print(a.stdout, a.terminal)
}

// noPrimary is said where no KPI is primary.
const noPrimary = `no KPI is primary: a block community { purpose = "…", primary = ["…", …] } in the configuration names 3 to 5 by which the community is judged`

func (a *app) kpiShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show a KPI: what it means, how it is computed, its last values and its SQL",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var detail transforms.KPIDetail
			if err := a.perform(cmd.Context(), "kpi show", kpiArgs{args[0]}, nil, &detail); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(detail)
			}
			return a.printKPI(detail)
		},
	}
}

func (h *host) kpiList(ctx context.Context, args kpiListArgs, _ func(any)) (any, error) {
	models, err := h.models(ctx)
	if err != nil {
		return nil, err
	}
	if args.Primary {
		return answer(models.PrimaryKPIs(ctx))
	}
	return answer(models.KPIs(ctx))
}

func (h *host) kpiShow(ctx context.Context, args kpiArgs, _ func(any)) (any, error) {
	models, err := h.models(ctx)
	if err != nil {
		return nil, err
	}
	return answer(models.KPI(ctx, args.ID))
}

// answer makes usage errors of names that do not exist.
func answer[T any](result T, err error) (any, error) {
	var missing *transforms.Unknown
	switch {
	case errors.As(err, &missing):
		return nil, usageError("%s", unknownText(missing))
	case err != nil:
		return nil, err
	}
	return result, nil
}

// listedNames is how many existing names an error shows.
const listedNames = 12

// unknownText lists what exists, the nearest first.
func unknownText(e *transforms.Unknown) string {
	names := e.Known
	if !slices.ContainsFunc(names, startsWithDigit) { // periods come nearest first
		names = config.Nearest(e.Name, names)
	}
	text := e.Error()
	switch {
	case len(names) == 0:
		return text
	case len(names) > listedNames:
		return fmt.Sprintf("%s; nearest are: %s, and %d more", text, strings.Join(names[:listedNames], ", "), len(names)-listedNames)
	}
	return fmt.Sprintf("%s; there are: %s", text, strings.Join(names, ", "))
}

func startsWithDigit(name string) bool {
	return strings.HasPrefix(name, "FY") || name != "" && name[0] >= '0' && name[0] <= '9'
}

func stateOfKPI(s transforms.KPISummary) string {
	switch {
	case s.Missing != "":
		return s.Status + ": " + s.Missing
	case s.IsPartial:
		return s.Status + ", partial"
	}
	return s.Status
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// shown writes a value in its unit; a missing one is a dash.
func shown(value *float64, unit string, decimals int) string {
	if value == nil {
		return "-"
	}
	if unit == "ratio" {
		return strconv.FormatFloat(100**value, 'f', max(decimals, 1), 64) + "%"
	}
	text := strconv.FormatFloat(*value, 'f', max(decimals, 2), 64)
	if decimals == 0 && strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// signedPercent writes a share as a signed change.
func signedPercent(share *float64) string {
	if share == nil {
		return "-"
	}
	return fmt.Sprintf("%+.1f%%", 100**share)
}

// number writes a part of a value as it is stored.
func number(value *float64) string {
	if value == nil {
		return "-"
	}
	return strconv.FormatFloat(*value, 'g', -1, 64)
}
