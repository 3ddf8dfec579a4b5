package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/internal/warehouse"
	"rollcall/transforms"
	"rollcall/transforms/identity"
)

func (a *app) identityCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "identity",
		Short: "See which log-ins are one person and why; decide where evidence does not",
		Long: `Log-ins and addresses of all sources are resolved into people by evidence. These
commands show what was resolved and why, and let you decide.

A person is named by a log-in's id (source:instance:user), a person id, of now or
before, or an address. What you decide is kept through every sync until it is undone.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.identityShowCommand(), a.identityWhyCommand(), a.identityWhyNotCommand(), a.identityMergeCommand(),
		a.identitySplitCommand(), a.identityReviewCommand(), a.identityUndoCommand(), a.identityStatsCommand())
	return cmd
}

// deciding are the flags of whoever decides.
type deciding struct {
	Actor  string `json:"actor"`
	Reason string `json:"reason"`
}

func (d *deciding) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.Reason, "reason", "", "why: kept with the decision")
	cmd.Flags().StringVar(&d.Actor, "actor", "", "who decides (default: you, as the system knows you)")
}

// check fills in who decides and asks for a reason.
func (d *deciding) check() error {
	if strings.TrimSpace(d.Reason) == "" {
		return usageError("--reason is missing: whoever reads the decision later wants to know why")
	}
	d.Actor = cmp.Or(d.Actor, systemUser())
	return nil
}

func (h *host) by(d deciding) identity.Deciding {
	return identity.Deciding{Actor: d.Actor, Reason: d.Reason, Now: h.app.now()}
}

// resolved makes sure that people were resolved once.
func (h *host) resolved(ctx context.Context) error {
	var builds int
	if err := h.db.SQL().QueryRowContext(ctx, "select count(*) from lake.identity.solved").Scan(&builds); err != nil {
		return err
	}
	if builds == 0 {
		return transforms.ErrNotBuilt
	}
	return nil
}

// one finds the person and the login that a text means.
func (h *host) one(ctx context.Context, text string) (identity.Human, string, error) {
	if err := h.resolved(ctx); err != nil {
		return identity.Human{}, "", err
	}
	person, login, err := identity.One(ctx, h.db.SQL(), text)
	return person, login, h.meant(ctx, err)
}

// A named person is one whom a text means, and the login by which decisions name it.
type named struct {
	identity.Human
	login string
}

// pair finds the two that a command is about.
func (h *host) pair(ctx context.Context, args identityPairArgs) (one, other named, err error) {
	if one.Human, one.login, err = h.one(ctx, args.A); err == nil {
		other.Human, other.login, err = h.one(ctx, args.B)
	}
	return one, other, err
}

// meant makes usage errors of texts that mean nobody, or several.
func (h *host) meant(ctx context.Context, err error) error {
	var nobody *identity.UnknownError
	var several *identity.AmbiguousError
	switch {
	case errors.As(err, &several):
		return usageError("%v", err)
	case errors.As(err, &nobody):
		near, nearErr := identity.Nearest(ctx, h.db.SQL(), nobody.Text)
		if nearErr != nil {
			return nearErr
		}
		if len(near) > 0 {
			return usageError("%v; did you mean %s?", err, strings.Join(near, " or "))
		}
		return usageError("%v", err)
	}
	return err
}

// A decided is what a decision did.
type decided struct {
	Decision identity.Decision `json:"decision"`
	People   []identity.Human  `json:"people,omitempty"` // of the logins that it names, as they are now; none if it is of companies
}

// decide writes a decision and resolves the people that it touches.
func (h *host) decide(ctx context.Context, write func(tx *warehouse.Tx) (identity.Decision, error)) (any, error) {
	h.building.Lock()
	defer h.building.Unlock()
	result, err := h.writeDecision(ctx, write)
	if err != nil {
		return nil, err
	}
	if err := h.resolvePeople(ctx); err != nil {
		return nil, err
	}
	logins, err := identity.DecidedOf(ctx, h.db.SQL(), result.Decision.ID)
	if err != nil {
		return nil, err
	}
	for _, login := range logins {
		if slices.ContainsFunc(result.People, func(p identity.Human) bool { return slices.Contains(loginIDs(p), login) }) {
			continue
		}
		people, err := identity.Find(ctx, h.db.SQL(), login)
		if err != nil {
			return nil, err
		}
		result.People = append(result.People, people...)
	}
	return result, nil
}

func (h *host) writeDecision(ctx context.Context, write func(tx *warehouse.Tx) (identity.Decision, error)) (result decided, err error) {
	err = h.db.Lake.Write(ctx, func(tx *warehouse.Tx) (err error) {
		result.Decision, err = write(tx)
		return err
	})
	return result, decidable(err)
}

// resolvePeople applies what was decided.
func (h *host) resolvePeople(ctx context.Context) error {
	models, err := h.models(ctx)
	if err != nil {
		return err
	}
	_, err = models.ResolvePeople(ctx)
	return err
}

// decidable makes usage errors of decisions that cannot be taken.
func decidable(err error) error {
	var against *identity.AgainstError
	var unknown *identity.UnknownDecision
	var sheet *identity.SheetError
	if errors.As(err, &against) || errors.As(err, &unknown) || errors.As(err, &sheet) {
		return usageError("%v", err)
	}
	return err
}

// What follows a decision.
const (
	nextBuild         = "the lake knows it now; tables and KPIs follow: rollcall build && rollcall publish"
	nextAccountsBuild = "accounts follow with the next build: rollcall build && rollcall publish"
)

func (a *app) printDecided(result decided) error {
	if a.json {
		return a.printJSON(result)
	}
	if _, err := fmt.Fprintf(a.stdout, "decision %s\n", result.Decision.ID); err != nil {
		return err
	}
	for _, person := range result.People {
		fmt.Fprintf(a.stdout, "person %s: %s\n", person.ID, strings.Join(loginIDs(person), ", "))
	}
	if result.Decision.Verb == "same" && len(result.People) > 1 {
		fmt.Fprintf(a.stderr, "they stay two people, and become one when nothing keeps them apart any more: rollcall identity why-not %s %s\n", result.Decision.A, result.Decision.B)
	}
	next := nextBuild
	if len(result.People) == 0 {
		next = nextAccountsBuild
	}
	fmt.Fprintln(a.stderr, next)
	return nil
}

func loginIDs(person identity.Human) []string {
	var ids []string
	for _, l := range person.Logins {
		ids = append(ids, l.ID)
	}
	return ids
}
