package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity"
)

type identityReviewArgs struct {
	Limit int `json:"limit,omitempty"` // 0: all
}

type identityAnswerArgs struct {
	Answers []identity.Answer `json:"answers"`
	deciding
}

func (a *app) identityReviewCommand() *cobra.Command {
	var limit int
	var export, load string
	var by deciding
	cmd := &cobra.Command{
		Use:   "review",
		Short: "List links that evidence suggests but does not make, the strongest first",
		Long: `Lists pairs that may be one person with what speaks for it. --export writes them as
CSV for a spreadsheet: write same or not_same into the column decision, and read
the file back with --import. A file with a bad row changes nothing. The file holds
names and addresses in clear.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case export != "" && load != "":
				return usageError("--export and --import do not go together")
			case limit < 0:
				return usageError("--limit must be at least 1, or 0 for all")
			case load != "":
				return a.importReview(cmd.Context(), load, by)
			}
			if export != "" && !cmd.Flags().Changed("limit") {
				limit = 0
			}
			var list []identity.Candidate
			if err := a.perform(cmd.Context(), "identity review", identityReviewArgs{limit}, nil, &list); err != nil {
				return err
			}
			if export != "" {
				return a.exportReview(export, list)
			}
			return a.printReview(list)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many at the most; 0: all")
	cmd.Flags().StringVar(&export, "export", "", "write them to this CSV file, all unless --limit is given")
	cmd.Flags().StringVar(&load, "import", "", "read the decisions of this CSV file; - for standard input")
	by.flags(cmd)
	return cmd
}

func (h *host) identityReview(ctx context.Context, args identityReviewArgs, _ func(any)) (any, error) {
	if err := h.resolved(ctx); err != nil {
		return nil, err
	}
	list, err := identity.Review(ctx, h.db.SQL(), args.Limit)
	if list == nil {
		list = []identity.Candidate{}
	}
	return list, err
}

func (a *app) printReview(list []identity.Candidate) error {
	if a.json {
		return a.printJSON(list)
	}
	if len(list) == 0 {
		fmt.Fprintln(a.stderr, "nothing to decide")
		return nil
	}
	t := newTable("STRENGTH", "CHANCE", "WHY", "LOGIN", "OTHER", "NAMES", "OTHER NAMES", "ADDRESSES", "OTHER ADDRESSES")
	t.right(0, 1)
	for _, c := range list {
		t.add(fmt.Sprintf("%.1f", c.Strength), fmt.Sprintf("%.2f", c.Probability), strings.TrimSpace(c.Rule+" "+c.Value), c.A, c.B,
			dash(c.Left.Names), dash(c.Right.Names), dash(c.Left.Addresses), dash(c.Right.Addresses))
	}
	if err := t.print(a.stdout, a.terminal); err != nil {
		return err
	}
	fmt.Fprintln(a.stderr, "decide with: rollcall identity merge A B --reason R, or many at once: rollcall identity review --export FILE.csv")
	return nil
}

// exportReview writes the sheet for its owner alone: it holds clear addresses.
func (a *app) exportReview(path string, list []identity.Candidate) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
	}()
	// A file that was there before keeps its mode.
	if err := errors.Join(file.Chmod(0o600), identity.WriteSheet(file, list)); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "%s in %s: write same or not_same into the column decision, then rollcall identity review --import %s --reason R\n", counted(int64(len(list)), "suggestion"), path, path)
	return nil
}

func (a *app) importReview(ctx context.Context, path string, by deciding) error {
	text, err := a.readFile(path)
	if err != nil {
		return err
	}
	answers, err := identity.ReadSheet(text)
	if err != nil {
		return usageError("%s: %v", path, err)
	}
	if by.Reason == "" {
		by.Reason = "review of " + path
	}
	if err := by.check(); err != nil {
		return err
	}
	var made []identity.Decision
	if err := a.perform(ctx, "identity answer", identityAnswerArgs{answers, by}, nil, &made); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(made)
	}
	_, err = fmt.Fprintln(a.stdout, counted(int64(len(made)), "decision"))
	fmt.Fprintln(a.stderr, nextBuild)
	return err
}

func (a *app) readFile(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(a.stdin)
	}
	return os.ReadFile(path)
}

func (h *host) identityAnswer(ctx context.Context, args identityAnswerArgs, _ func(any)) (any, error) {
	if err := h.resolved(ctx); err != nil {
		return nil, err
	}
	h.building.Lock()
	defer h.building.Unlock()
	made := []identity.Decision{}
	err := h.db.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		decided, err := identity.Answered(ctx, tx, args.Answers, h.by(args.deciding))
		made = append(made, decided...)
		return err
	})
	if err != nil {
		return nil, decidable(err)
	}
	return made, h.resolvePeople(ctx)
}
