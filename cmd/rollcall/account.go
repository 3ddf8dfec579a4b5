package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity"
	"rollcall/transforms/identity/company"
)

func (a *app) accountCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "account",
		Short: "See and decide which entries of CRM, billing, helpdesk and product are one company",
		Long: `A company is named by an org's id (source:instance:org:number), an account id of now
or before, an e-mail domain or a name. What you decide is kept through every sync
until ` + "`rollcall identity undo`" + ` takes it back.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.accountShowCommand(), a.accountReviewCommand(), a.accountMergeCommand(), a.accountSplitCommand())
	return cmd
}

func (a *app) accountShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show ORG|ACCOUNT",
		Short: "Show a company: its entries at the sources, names and domains",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var account company.Account
			if err := a.perform(cmd.Context(), "account show", identityShowArgs{Who: args[0]}, nil, &account); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(account)
			}
			return lines(a.stdout, [][2]string{{"account", account.ID}, {"names", account.Names}, {"domains", account.Domains}, {"orgs", strings.Join(account.Orgs, ", ")}}...)
		},
	}
}

func (h *host) accountShow(ctx context.Context, args identityShowArgs, _ func(any)) (any, error) {
	account, _, err := h.account(ctx, args.Who)
	return account, err
}

func (a *app) accountReviewCommand() *cobra.Command {
	args := identityReviewArgs{Limit: 20}
	cmd := &cobra.Command{
		Use:   "review",
		Short: "List companies that may be one: their names agree, or their domain does and they do not",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var pairs []company.Pair
			if err := a.perform(cmd.Context(), "account review", args, nil, &pairs); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(pairs)
			}
			t := newTable("ORG", "NAME", "OTHER", "OTHER NAME", "WHY")
			for _, p := range pairs {
				t.add(p.Org, dash(p.Name), p.OtherOrg, dash(p.OtherName), p.Reason)
			}
			return t.print(a.stdout, a.terminal)
		},
	}
	cmd.Flags().IntVar(&args.Limit, "limit", args.Limit, "how many at the most; 0: all")
	return cmd
}

func (h *host) accountReview(ctx context.Context, args identityReviewArgs, _ func(any)) (any, error) {
	if err := h.resolved(ctx); err != nil {
		return nil, err
	}
	pairs, err := company.Review(ctx, h.db.SQL(), args.Limit)
	if pairs == nil {
		pairs = []company.Pair{}
	}
	return pairs, err
}

// account finds the company and the org that a text means.
func (h *host) account(ctx context.Context, text string) (company.Account, string, error) {
	if err := h.resolved(ctx); err != nil {
		return company.Account{}, "", err
	}
	account, org, err := company.One(ctx, h.db.SQL(), text)
	var none *company.UnknownError
	var several *company.AmbiguousError
	if errors.As(err, &none) || errors.As(err, &several) {
		err = usageError("%v", err)
	}
	return account, org, err
}

func (a *app) accountMergeCommand() *cobra.Command {
	return a.mergeCommand("account merge", "Decide that two are one company")
}

func (h *host) accountMerge(ctx context.Context, args identityMergeArgs, _ func(any)) (any, error) {
	one, org, err := h.account(ctx, args.A)
	if err != nil {
		return nil, err
	}
	_, otherOrg, err := h.account(ctx, args.B)
	if err != nil {
		return nil, err
	}
	if org == otherOrg {
		return nil, usageError("%s and %s are one account, %s", args.A, args.B, one.ID)
	}
	return h.decideAccount(ctx, func(tx *warehouse.Tx) (identity.Decision, error) {
		return identity.MergeAccounts(ctx, tx, org, otherOrg, h.by(args.deciding))
	})
}

func (a *app) accountSplitCommand() *cobra.Command {
	return a.splitCommand("account split", "the company: its id, one of its orgs, a domain or a name", &cobra.Command{
		Use:   "split ORG… --from ACCOUNT --reason R",
		Short: "Decide that entries of sources are not a company's",
	})
}

func (h *host) accountSplit(ctx context.Context, args identitySplitArgs, _ func(any)) (any, error) {
	account, _, err := h.account(ctx, args.From)
	if err != nil {
		return nil, err
	}
	for _, org := range args.Leaving {
		if !slices.Contains(account.Orgs, org) {
			return nil, usageError("%s is no org of %s, which has %s", org, account.ID, strings.Join(account.Orgs, ", "))
		}
	}
	staying := slices.DeleteFunc(slices.Clone(account.Orgs), func(org string) bool { return slices.Contains(args.Leaving, org) })
	if len(staying) == 0 {
		return nil, usageError("all entries of %s would leave: name those that are another company", account.ID)
	}
	return h.decideAccount(ctx, func(tx *warehouse.Tx) (identity.Decision, error) {
		return identity.SplitAccounts(ctx, tx, args.Leaving, staying, h.by(args.deciding))
	})
}

// decideAccount writes a decision; companies follow with the next build.
func (h *host) decideAccount(ctx context.Context, write func(tx *warehouse.Tx) (identity.Decision, error)) (any, error) {
	h.building.Lock()
	defer h.building.Unlock()
	return h.writeDecision(ctx, write)
}
