package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/transforms"
	"rollcall/transforms/identity"
	"rollcall/transforms/identity/address"
)

type forgetArgs struct {
	Address string `json:"address"`
	Actor   string `json:"actor"`
	Reason  string `json:"reason,omitempty"`
	// DryRun only says whose address it is, by what is built.
	DryRun bool `json:"dry_run,omitempty"`
}

type forgetResult struct {
	Found     bool             `json:"found"`             // something was stored of it
	People    []string         `json:"people,omitempty"`  // who were erased
	Logins    int              `json:"logins"`            // of these people
	Addresses int              `json:"addresses"`         // that are suppressed from now on
	Records   int              `json:"records"`           // about the person or made by them
	Alone     string           `json:"alone,omitempty"`   // why the address was erased and no person
	Others    []string         `json:"others,omitempty"`  // people who showed it and stay
	Deleted   map[string]int64 `json:"deleted"`           // rows by table of the lake
	Cut       map[string]int64 `json:"cut"`               // rows that stay without what was erased
	Release   *releaseResult   `json:"release,omitempty"` // the only one that is kept
	Removed   int              `json:"releases_removed"`  // older ones
	Backups   []string         `json:"backups,omitempty"` // that hold it still
}

func (a *app) forgetCommand() *cobra.Command {
	var yes bool
	var args forgetArgs
	cmd := &cobra.Command{
		Use:   "forget ADDRESS",
		Short: "Erase a person by an e-mail address, for good",
		Long: `Erases the person whose address it is: records about them, their log-ins, names
and addresses, in the lake, the marts and every release. What they wrote stays as
a count without author, text or names. An address of a function, or one that
several people show, is erased alone: it is cut out of every record, and the
people stay. Afterwards the address is suppressed: syncs do not bring it back.

It builds and publishes anew, removes older releases and writes the database files
anew, so that nothing rests in free space. It lists the backups that it cannot
reach. It asks first, unless --yes is given.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, of []string) error {
			args.Address = of[0]
			if _, isAddress := address.Parse(args.Address); !isAddress {
				return usageError("%q is no e-mail address", args.Address)
			}
			args.Actor = systemUser()
			return a.forget(cmd.Context(), args, yes)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().StringVar(&args.Reason, "reason", "", "why: kept with the erasure")
	return cmd
}

func systemUser() string {
	if known, err := user.Current(); err == nil {
		return known.Username
	}
	return "unknown"
}

func (a *app) forget(ctx context.Context, args forgetArgs, yes bool) error {
	var found, gone forgetResult
	if !yes {
		dry := args
		dry.DryRun = true
		if err := a.perform(ctx, "forget", dry, nil, &found); err != nil {
			return err
		}
		if err := a.confirm(false, found.question(args.Address)); err != nil {
			return err
		}
	}
	err := a.perform(ctx, "forget", args, nil, &gone)
	if gone.Addresses == 0 {
		return err
	}
	return errors.Join(a.printForgotten(gone, err == nil), err)
}

func (r forgetResult) question(text string) string {
	switch {
	case r.Alone != "":
		return fmt.Sprintf("Erase %s alone (%s) and suppress it for good?", text, r.Alone)
	case len(r.People) == 0:
		return fmt.Sprintf("No person is known by %s. Cut it out of every record and suppress it for good?", text)
	}
	return fmt.Sprintf("Erase %s, with %s and %s, for good?", text, counted(int64(r.Logins), "log-in"), counted(int64(r.Records), "record"))
}

func counted(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return count(n) + " " + what + "s"
}

func (a *app) printForgotten(r forgetResult, isFinished bool) error {
	if a.json {
		return a.printJSON(r)
	}
	if !r.Found {
		fmt.Fprintln(a.stdout, "nothing was found; the address is suppressed from now on")
	}
	if r.Alone != "" {
		fmt.Fprintf(a.stdout, "erased the address alone: %s\n", r.Alone)
	}
	if len(r.Others) > 0 {
		fmt.Fprintf(a.stderr, "people who showed it and stay: %s; to erase one, name an address that nobody else has\n", strings.Join(r.Others, ", "))
	}
	t := newTable("TABLE", "ROWS DELETED", "ROWS CUT")
	t.right(1, 2)
	for table := range r.Deleted {
		t.add(table, count(r.Deleted[table]), count(r.Cut[table]))
	}
	for table := range r.Cut {
		if r.Deleted[table] == 0 {
			t.add(table, count(0), count(r.Cut[table]))
		}
	}
	slices.SortFunc(t.rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	if len(t.rows) > 0 {
		if err := t.print(a.stdout, a.terminal); err != nil {
			return err
		}
	}
	if r.Release != nil {
		fmt.Fprintf(a.stdout, "published %s without it; %s removed\n", r.Release.Build, counted(int64(r.Removed), "older release"))
	}
	for _, path := range r.Backups {
		fmt.Fprintf(a.stderr, "not reached: %s holds it still: delete it, or where it is restored elsewhere run this command again\n", path)
	}
	if isFinished {
		fmt.Fprintln(a.stdout, "done; syncs do not bring it back")
	}
	return nil
}

func (h *host) forget(ctx context.Context, args forgetArgs, _ func(any)) (any, error) {
	parsed, isAddress := address.Parse(args.Address)
	if !isAddress {
		return nil, usageError("%q is no e-mail address", args.Address)
	}
	h.building.Lock()
	defer h.building.Unlock()
	if args.DryRun {
		return h.wouldForget(ctx, parsed)
	}
	// People are resolved by what is stored now; that checks fail says nothing
	// about them.
	var checks *transforms.ChecksFailed
	if _, err := h.buildNow(ctx, buildArgs{}); err != nil && !errors.As(err, &checks) {
		return nil, err
	}
	models, err := h.models(ctx)
	if err != nil {
		return nil, err
	}
	bearer, err := identity.BearerOf(ctx, h.db.SQL(), parsed)
	if err != nil {
		return nil, fmt.Errorf("find whose address it is: %w", err)
	}
	erasure, err := models.AskErasure(ctx, transforms.Asking{Bearer: bearer, Actor: args.Actor, Reason: args.Reason})
	if err != nil {
		return nil, err
	}
	result := forgottenOf(erasure.Bearer, erasure.Records)
	err = h.finishErasures(ctx, &result, publishArgs{})
	if err != nil {
		err = fmt.Errorf("the address is suppressed, but not all of it is erased yet: %w; when that is mended, run the same command again", err)
	}
	return result, err
}

// wouldForget says what an erasure would reach, by what the last build knows.
func (h *host) wouldForget(ctx context.Context, of address.Address) (forgetResult, error) {
	bearer, err := identity.BearerOf(ctx, h.db.SQL(), of)
	if err != nil {
		return forgetResult{}, err
	}
	models, err := h.models(ctx)
	if err != nil {
		return forgetResult{}, err
	}
	records, err := models.CountRecords(ctx, bearer.Logins)
	return forgottenOf(bearer, records), err
}

func forgottenOf(bearer identity.Bearer, records int) forgetResult {
	return forgetResult{Found: len(bearer.People) > 0 || bearer.Alone != "", People: bearer.People, Logins: len(bearer.Logins),
		Addresses: len(bearer.Mailboxes), Records: records, Alone: bearer.Alone, Others: bearer.Others,
		Deleted: map[string]int64{}, Cut: map[string]int64{}}
}
