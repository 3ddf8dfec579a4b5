package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/transforms/identity"
)

type identityShowArgs struct {
	Who  string `json:"who"`
	AsOf string `json:"as_of,omitempty"` // a build's id or a day
}

// A shownPerson is a person with all that is known around it.
type shownPerson struct {
	identity.Human
	identity.File
	AsOf *time.Time `json:"as_of,omitempty"`
}

func (a *app) identityShowCommand() *cobra.Command {
	var args identityShowArgs
	cmd := &cobra.Command{
		Use:   "show WHO",
		Short: "Show a person: log-ins, addresses, by which evidence and since when, companies, decisions",
		Long: `Shows the person that a log-in, a person id or an address means. With --as-of who
it was then: the people that the person's present log-ins belonged to at the end
of a build or of a day (UTC), with all their log-ins of then.`,
		Example: `  rollcall identity show ann@acme.example
  rollcall identity show discourse:forum:17 --as-of 2026-06-30`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, who []string) error {
			args.Who = who[0]
			var people []shownPerson
			if err := a.perform(cmd.Context(), "identity show", args, nil, &people); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(people)
			}
			var errs []error
			for _, person := range people {
				errs = append(errs, a.printPerson(person))
			}
			return errors.Join(errs...)
		},
	}
	cmd.Flags().StringVar(&args.AsOf, "as-of", "", "a build's id (`rollcall status` names the last) or a day, 2026-06-30")
	return cmd
}

func (h *host) identityShow(ctx context.Context, args identityShowArgs, _ func(any)) (any, error) {
	if err := h.resolved(ctx); err != nil {
		return nil, err
	}
	db := h.db.SQL()
	people, err := identity.Find(ctx, db, args.Who)
	if err != nil {
		return nil, h.meant(ctx, err)
	}
	var shown []shownPerson
	for _, person := range people {
		if args.AsOf != "" {
			then, err := h.asOf(ctx, person, args.AsOf)
			if err != nil {
				return nil, err
			}
			shown = append(shown, then...)
			continue
		}
		file, err := identity.FileOf(ctx, db, person.ID)
		if err != nil {
			return nil, err
		}
		shown = append(shown, shownPerson{Human: person, File: file})
	}
	return shown, nil
}

// asOf gives who a person was at the end of a build or day.
func (h *host) asOf(ctx context.Context, person identity.Human, text string) ([]shownPerson, error) {
	at, err := time.Parse(time.DateOnly, text)
	if err == nil {
		at = at.AddDate(0, 0, 1)
	} else if at, err = identity.EndOf(ctx, h.db.SQL(), text); errors.Is(err, identity.ErrNoSuchBuild) {
		return nil, usageError("--as-of is %q, must be a day as 2026-06-30, or a build: %v", text, err)
	}
	if err != nil {
		return nil, err
	}
	then, err := identity.HeldBy(ctx, h.db.SQL(), person, at)
	if err != nil {
		return nil, err
	}
	if len(then) == 0 {
		return nil, usageError("%s had no log-in that was known at %s", person.ID, moment(at))
	}
	var shown []shownPerson
	for _, p := range then {
		shown = append(shown, shownPerson{Human: p, AsOf: &at})
	}
	return shown, nil
}

func (a *app) printPerson(p shownPerson) error {
	w := a.stdout
	head := [][2]string{{"person", p.ID}}
	if p.Asked != "" {
		head = append(head, [2]string{"asked for", p.Asked + ", which became part of this person"})
	}
	if p.AsOf != nil {
		head = append(head, [2]string{"as of", moment(*p.AsOf)})
	}
	for _, f := range p.Former {
		head = append(head, [2]string{"was also", fmt.Sprintf("%s until %s (%s)", f.ID, moment(f.Merged), f.Method)})
	}
	for _, e := range p.Accounts {
		head = append(head, [2]string{"company", companyText(e)})
	}
	for _, r := range p.Refused {
		head = append(head, [2]string{"refused", strings.TrimSpace(fmt.Sprintf("%s with %s: %s %s", r.Login, dash(r.Other), r.Rule, r.Value))})
	}
	for _, d := range p.Decisions {
		head = append(head, [2]string{"decision", decisionText(d)})
	}
	if p.Suggested > 0 {
		head = append(head, [2]string{"suggested", count(p.Suggested) + " links to others: rollcall identity review"})
	}
	err := lines(w, head...)
	t := newTable("LOGIN", "NAMES", "ADDRESSES", "LINKED BY", "TIER", "SURE", "SINCE", "MAY BE LINKED")
	t.right(4, 5)
	for _, l := range p.Logins {
		t.add(l.ID, dash(l.Names), dash(l.Addresses), strings.ReplaceAll(l.Method, "_", " "), tierText(l.Tier), fmt.Sprintf("%.2f", l.Confidence), moment(l.LinkedAt), yesNo(l.IsLinkable))
	}
	return errors.Join(err, t.print(w, a.terminal))
}

func companyText(e identity.Employer) string {
	text := e.ID
	if e.Name != "" {
		text = e.Name + " (" + e.ID + ")"
	}
	text += ", by " + e.Method + ", " + span(e.From, e.Until)
	if e.IsPrimary {
		text += ", the main one"
	}
	return text
}

func span(from, until *time.Time) string {
	switch {
	case from == nil && until == nil:
		return "always"
	case until == nil:
		return "since " + from.Format(time.DateOnly)
	case from == nil:
		return "until " + until.Format(time.DateOnly)
	}
	return from.Format(time.DateOnly) + " to " + until.Format(time.DateOnly)
}

func decisionText(d identity.Decision) string {
	return fmt.Sprintf("%s: %s and %s are %s, by %s on %s: %s", d.ID, d.A, d.B, strings.ReplaceAll(d.Verb, "_", " "), d.Actor, d.Decided.Format(time.DateOnly), d.Reason)
}

func tierText(tier *int) string {
	if tier == nil {
		return "-"
	}
	return "T" + strconv.Itoa(*tier)
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

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
	one, login, err := h.one(ctx, args.A)
	if err != nil {
		return nil, err
	}
	other, otherLogin, err := h.one(ctx, args.B)
	if err != nil {
		return nil, err
	}
	if one.ID != other.ID {
		return nil, usageError("%s and %s are two people, %s and %s: `rollcall identity why-not` says what keeps them apart", args.A, args.B, one.ID, other.ID)
	}
	if login == otherLogin {
		// Two names of one login, or of a person: the first login that the second name shows.
		at := slices.IndexFunc(one.Logins, func(l identity.HumanLogin) bool { return l.ID != login && l.Shows(args.B) })
		if at < 0 {
			return nil, usageError("%s and %s are one log-in, %s", args.A, args.B, login)
		}
		otherLogin = one.Logins[at].ID
	}
	return identity.Why(ctx, h.db.SQL(), login, otherLogin)
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
	one, login, err := h.one(ctx, args.A)
	if err != nil {
		return nil, err
	}
	other, otherLogin, err := h.one(ctx, args.B)
	if err != nil {
		return nil, err
	}
	if one.ID == other.ID {
		return nil, usageError("%s and %s are one person, %s: `rollcall identity why` shows the evidence", args.A, args.B, one.ID)
	}
	return identity.WhyNot(ctx, h.db.SQL(), login, otherLogin)
}
