package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"rollcall/transforms/identity"
)

type identityPairArgs struct {
	A string `json:"a"`
	B string `json:"b"`
}

func (a *app) identityWhyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "why A B",
		Short: "Say why two log-ins are one person: the chain of evidence between them",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var steps []identity.Step
			if err := a.perform(cmd.Context(), "identity why", identityPairArgs{args[0], args[1]}, nil, &steps); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(steps)
			}
			for _, step := range steps {
				if _, err := fmt.Fprintln(a.stdout, inLine(stepText(step))); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (h *host) identityWhy(ctx context.Context, args identityPairArgs, _ func(any)) (any, error) {
	one, other, err := h.pair(ctx, args)
	if err != nil {
		return nil, err
	}
	if one.ID != other.ID {
		return nil, usageError("%s and %s are two people, %s and %s: `rollcall identity why-not` says what keeps them apart", args.A, args.B, one.ID, other.ID)
	}
	if one.login == other.login {
		// Two names of one login, or of a person: the first login that the second name shows.
		at := slices.IndexFunc(one.Logins, func(l identity.HumanLogin) bool { return l.ID != one.login && l.Shows(args.B) })
		if at < 0 {
			return nil, usageError("%s and %s are one log-in, %s", args.A, args.B, one.login)
		}
		other.login = one.Logins[at].ID
	}
	steps, err := identity.Why(ctx, h.db.SQL(), one.login, other.login)
	if err == nil && len(steps) == 0 {
		err = fmt.Errorf("%s and %s are one person, but nothing that is stored now links them: run `rollcall build`, which resolves people again", one.login, other.login)
	}
	return steps, err
}

func stepText(s identity.Step) string {
	if s.Decision != nil {
		return fmt.Sprintf("%s and %s are one person by decision %s of %s: %s", s.From, s.To, s.Decision.ID, s.Decision.Actor, s.Decision.Reason)
	}
	text := fmt.Sprintf("%s and %s are linked by T%d through %s", s.From, s.To, s.Tier, s.Rule)
	if s.Value != "" {
		text += " " + s.Value
	}
	for _, said := range []*identity.Said{s.FromSays, s.ToSays} {
		if said != nil {
			text += "; " + saidText(*said)
		}
	}
	return text
}

func saidText(s identity.Said) string {
	trust := map[identity.Trust]string{identity.Self: "claimed", identity.Staff: "entered by staff", identity.Verified: "verified"}[s.Trust]
	text := trust + " in " + s.Record
	if s.AssertedBy != "" {
		text += " by " + s.AssertedBy
	}
	return text + " (" + span(s.SeenFrom, s.SeenUntil) + ")"
}

func (a *app) identityWhyNotCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "why-not A B",
		Short: "Say what keeps two people apart: decisions, consent, rules, shared or unproven addresses",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var obstacles []identity.Obstacle
			if err := a.perform(cmd.Context(), "identity why-not", identityPairArgs{args[0], args[1]}, nil, &obstacles); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(obstacles)
			}
			t := newTable("WHAT", "LOGIN", "OTHER", "VALUE", "DETAIL")
			for _, o := range obstacles {
				t.add(o.Kind, o.Login, dash(o.Other), dash(o.Value), o.Detail)
			}
			return t.print(a.stdout, a.terminal)
		},
	}
}

func (h *host) identityWhyNot(ctx context.Context, args identityPairArgs, _ func(any)) (any, error) {
	one, other, err := h.pair(ctx, args)
	if err != nil {
		return nil, err
	}
	if one.ID == other.ID {
		return nil, usageError("%s and %s are one person, %s: `rollcall identity why` shows the evidence", args.A, args.B, one.ID)
	}
	return identity.WhyNot(ctx, h.db.SQL(), one.login, other.login)
}
