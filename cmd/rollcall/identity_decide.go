package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity"
)

type identityMergeArgs struct {
	identityPairArgs
	deciding
}

func (a *app) identityMergeCommand() *cobra.Command {
	return a.mergeCommand("identity merge", "Decide that two are one person")
}

// mergeCommand decides that two are one.
func (a *app) mergeCommand(name, short string) *cobra.Command {
	var args identityMergeArgs
	cmd := &cobra.Command{Use: "merge A B --reason R", Short: short, Args: cobra.ExactArgs(2)}
	return a.decides(cmd, name, &args.deciding, func(who []string) (any, error) {
		args.A, args.B = who[0], who[1]
		return args, nil
	})
}

// decides makes a command one by which somebody decides: it asks for a reason,
// and says what followed.
func (a *app) decides(cmd *cobra.Command, name string, by *deciding, read func(words []string) (args any, err error)) *cobra.Command {
	by.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		if err := by.check(); err != nil {
			return err
		}
		args, err := read(words)
		if err != nil {
			return err
		}
		var result decided
		if err := a.perform(cmd.Context(), name, args, nil, &result); err != nil {
			return err
		}
		return a.printDecided(result)
	}
	return cmd
}

func (h *host) identityMerge(ctx context.Context, args identityMergeArgs, _ func(any)) (any, error) {
	one, other, err := h.pair(ctx, args.identityPairArgs)
	if err != nil {
		return nil, err
	}
	if one.login == other.login {
		return nil, usageError("%s and %s are one log-in, %s", args.A, args.B, one.login)
	}
	return h.decide(ctx, func(tx *warehouse.Tx) (identity.Decision, error) {
		return identity.Merge(ctx, tx, one.login, other.login, h.by(args.deciding))
	})
}

type identitySplitArgs struct {
	Leaving []string `json:"leaving"` // log-ins, or orgs of a company
	From    string   `json:"from"`
	deciding
}

func (a *app) identitySplitCommand() *cobra.Command {
	return a.splitCommand("identity split", "the person: its id, a log-in's id or an address", &cobra.Command{
		Use:   "split LOGIN… --from PERSON --reason R",
		Short: "Decide that log-ins are not a person's",
		Long: `Takes log-ins out of a person, and keeps them apart from those that stay. What
leaves is one person as far as evidence links it. A log-in is named by its id, or
by an address that it shows.`,
	})
}

// splitCommand decides that some are not of one.
func (a *app) splitCommand(name, from string, cmd *cobra.Command) *cobra.Command {
	var args identitySplitArgs
	cmd.Args = cobra.MinimumNArgs(1)
	cmd.Flags().StringVar(&args.From, "from", "", from)
	return a.decides(cmd, name, &args.deciding, func(leaving []string) (any, error) {
		args.Leaving = leaving
		if args.From == "" {
			return nil, usageError("--from is missing: whom they are taken out of")
		}
		return args, nil
	})
}

func (h *host) identitySplit(ctx context.Context, args identitySplitArgs, _ func(any)) (any, error) {
	person, _, err := h.one(ctx, args.From)
	if err != nil {
		return nil, err
	}
	leaving := map[string]bool{}
	for _, text := range args.Leaving {
		shown := slices.DeleteFunc(slices.Clone(person.Logins), func(l identity.HumanLogin) bool { return !l.Shows(text) })
		if len(shown) == 0 {
			return nil, usageError("%s is no log-in or address of %s, who has %s", text, person.ID, strings.Join(loginIDs(person), ", "))
		}
		for _, l := range shown {
			leaving[l.ID] = true
		}
	}
	staying := slices.DeleteFunc(loginIDs(person), func(id string) bool { return leaving[id] })
	if len(staying) == 0 {
		return nil, usageError("all log-ins of %s would leave: name those that are another person", person.ID)
	}
	return h.decide(ctx, func(tx *warehouse.Tx) (identity.Decision, error) {
		return identity.Split(ctx, tx, sortedKeys(leaving), staying, h.by(args.deciding))
	})
}

type identityUndoArgs struct {
	Decision string `json:"decision"`
	deciding
}

func (a *app) identityUndoCommand() *cobra.Command {
	var args identityUndoArgs
	cmd := &cobra.Command{
		Use:   "undo DECISION --reason R",
		Short: "Take a decision back, of people or of companies",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, id []string) error {
			args.Decision = id[0]
			if err := args.check(); err != nil {
				return err
			}
			if err := a.perform(cmd.Context(), "identity undo", args, nil, nil); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(map[string]string{"undone": args.Decision})
			}
			_, err := fmt.Fprintln(a.stdout, "undone "+args.Decision)
			fmt.Fprintln(a.stderr, nextBuild)
			return err
		},
	}
	args.flags(cmd)
	return cmd
}

func (h *host) identityUndo(ctx context.Context, args identityUndoArgs, _ func(any)) (any, error) {
	if err := h.resolved(ctx); err != nil {
		return nil, err
	}
	h.building.Lock()
	defer h.building.Unlock()
	err := h.db.Lake.Write(ctx, func(tx *warehouse.Tx) error { return identity.Undo(ctx, tx, args.Decision, h.by(args.deciding)) })
	var missing *identity.UnknownDecision
	if errors.As(err, &missing) {
		known, err := identity.Decisions(ctx, h.db.SQL(), listedNames)
		if err != nil {
			return nil, err
		}
		if len(known) == 0 {
			return nil, usageError("there is no decision %q; none stands", args.Decision)
		}
		var ids []string
		for _, d := range known {
			ids = append(ids, d.ID)
		}
		return nil, unknown("decision", args.Decision, ids)
	}
	if err != nil {
		return nil, err
	}
	return struct{}{}, h.resolvePeople(ctx)
}
