package main

import (
	"context"
	"errors"
	"fmt"
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
	cmd.Flags().StringVar(&args.AsOf, "as-of", "", "the `BUILD|DAY` to look back to: a build's id (rollcall status names the last) or a day, 2026-06-30")
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
		if now := h.app.now().UTC(); at.After(now) {
			return nil, usageError("--as-of %s lies in the future: today is %s (UTC)", text, now.Format(time.DateOnly))
		}
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
