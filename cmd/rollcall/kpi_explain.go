package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/transforms"
)

type kpiExplainArgs struct {
	ID           string `json:"kpi"`
	Period       string `json:"period"`
	SegmentType  string `json:"segment_type,omitempty"`
	SegmentValue string `json:"segment_value,omitempty"`
	Rows         int    `json:"rows,omitempty"`
}

func (a *app) kpiExplainCommand() *cobra.Command {
	var period, segment string
	var rows bool
	var limit int
	cmd := &cobra.Command{
		Use:   "explain ID --period P",
		Short: "Explain one value: its parts, the rows behind it, the syncs they came by, what changed",
		Long: `Explains one value of the last build: numerator, denominator, people and
interval, its SQL, the sync runs that stored the records behind it, and what
later builds made of it once it was final. With --rows also the rows behind it;
what they add sums to its numerator and denominator. A hidden value shows
neither. A value made of other values shows those instead.`,
		Example: `  rollcall kpi explain unanswered_question_rate --period 2026-W06
  rollcall kpi explain community_mau --period 2026-02 --segment community=discourse:forum --rows`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			request := kpiExplainArgs{ID: args[0], Period: period}
			var named bool
			request.SegmentType, request.SegmentValue, named = strings.Cut(segment, "=")
			switch {
			case period == "":
				return usageError("--period is missing: a day 2026-02-05, week 2026-W06, month 2026-02, quarter 2026-Q1 or year 2026")
			case segment != "" && !named:
				return usageError("--segment is %q, must be TYPE=VALUE, as community=discourse:forum", segment)
			case limit < 1:
				return usageError("--limit must be at least 1")
			case rows:
				request.Rows = limit
			}
			var result transforms.Explanation
			if err := a.perform(cmd.Context(), "kpi explain", request, nil, &result); err != nil {
				return err
			}
			return a.printExplanation(result, rows)
		},
	}
	cmd.Flags().StringVar(&period, "period", "", "which period: 2026-02, 2026-W06, 2026-Q1, 2026-02-05, 2026, FY2026-Q1")
	cmd.Flags().StringVar(&segment, "segment", "", "which slice, as TYPE=VALUE; default the whole")
	cmd.Flags().BoolVar(&rows, "rows", false, "show the rows behind the value")
	cmd.Flags().IntVar(&limit, "limit", 100, "show at most so many rows")
	return cmd
}

func (h *host) kpiExplain(ctx context.Context, args kpiExplainArgs, _ func(any)) (any, error) {
	models, err := h.models(ctx)
	if err != nil {
		return nil, err
	}
	return answer(models.Explain(ctx, transforms.ExplainRequest{
		KPI: args.ID, Period: args.Period, SegmentType: args.SegmentType, SegmentValue: args.SegmentValue, Rows: args.Rows,
	}))
}

// printExplanation refuses rows that were asked for and may not be shown, after
// what may.
func (a *app) printExplanation(x transforms.Explanation, rows bool) error {
	var refused error
	if rows && x.Refused != "" {
		refused = usageError("no rows are shown: %s", x.Refused)
	}
	if a.json {
		return errors.Join(a.printJSON(x), refused)
	}
	v := x.Value
	err := lines(a.stdout, [][2]string{
		{"kpi", x.KPI + ", " + x.Name}, {"period", fmt.Sprintf("%s, %s to before %s", x.Period, x.From, x.Until)},
		{"segment", x.SegmentType + "=" + x.SegmentValue}, {"value", number(v.Value)}, {"numerator", number(v.Numerator)},
		{"denominator", number(v.Denominator)}, {"people", people(v.N)}, {"interval", interval(v)}, {"status", valueState(*v)},
		{"build", x.Build}, {"hidden", x.Refused}, {"rows", atomText(x.Atoms)},
	}...)
	return errors.Join(err, a.printParts(x), a.printAtoms(x), a.printBehind(x), a.printHistory(x), sqlText(a.stdout, x.SQL), refused)
}

func interval(v *transforms.KPIValue) string {
	if v.Low == nil || v.High == nil {
		return ""
	}
	return number(v.Low) + " to " + number(v.High)
}

func atomText(atoms *transforms.AtomSums) string {
	if atoms == nil {
		return ""
	}
	return fmt.Sprintf("%s, which add %s to the numerator and %s to the denominator", count(atoms.Count), number(atoms.Numerator), number(atoms.Denominator))
}

// under prints a table below an empty line; one without rows not at all.
func (a *app) under(t *table) error {
	if len(t.rows) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(a.stdout); err != nil {
		return err
	}
	return t.print(a.stdout, a.terminal)
}

func (a *app) printParts(x transforms.Explanation) error {
	t := newTable("MADE OF", "PERIOD", "VALUE", "NUMERATOR", "DENOMINATOR", "STATUS")
	t.right(2, 3, 4)
	for _, p := range x.Parts {
		if p.Value == nil {
			t.add(p.KPI, p.Period, "-", "-", "-", "no value")
			continue
		}
		t.add(p.KPI, p.Period, number(p.Value.Value), number(p.Value.Numerator), number(p.Value.Denominator), valueState(*p.Value))
	}
	return a.under(t)
}

func (a *app) printAtoms(x transforms.Explanation) error {
	t := newTable("ENTITY", "PERSON", "ACCOUNT", "ON", "AMOUNT", "ADDS TO NUMERATOR", "TO DENOMINATOR")
	t.right(4, 5, 6)
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	for _, r := range x.Rows {
		t.add(text(r.EntityID), text(r.PersonID), text(r.AccountID), text(r.On), number(r.Amount), number(r.Numerator), number(r.Denominator))
	}
	if err := a.under(t); err != nil {
		return err
	}
	if x.Atoms != nil && len(x.Rows) > 0 && int64(len(x.Rows)) < x.Atoms.Count {
		_, err := fmt.Fprintf(a.stdout, "%s more; --limit shows them\n", count(x.Atoms.Count-int64(len(x.Rows))))
		return err
	}
	return nil
}

func (a *app) printBehind(x transforms.Explanation) error {
	t := newTable("RUN", "INSTANCE", "STREAM", "WHEN", "STATUS", "RECORDS BEHIND")
	t.right(0, 5)
	for _, r := range x.Runs {
		t.add(fmt.Sprint(r.Run), r.Instance, r.Stream, moment(r.Started), r.Status, count(r.Records))
	}
	if err := a.under(t); err != nil || x.RunsBasis == "" {
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "found by the %s\n", x.RunsBasis)
	return err
}

func (a *app) printHistory(x transforms.Explanation) error {
	t := newTable("REPLACED", "WAS", "BECAME", "REASON", "BUILD")
	t.right(1, 2)
	for _, r := range x.History {
		t.add(moment(r.ReplacedAt), number(r.Old), number(r.New), r.Reason, r.Build)
	}
	return a.under(t)
}
