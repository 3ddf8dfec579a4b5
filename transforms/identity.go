package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity"
	"rollcall/transforms/identity/suppress"
)

// keepPeople resolves who is who by what staging says now, and forgets the
// logins of instances that were purged.
func (b *Builder) keepPeople(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	p := build.plan
	for _, statement := range p.forgotten() {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	outcome, err := identity.Resolve(ctx, tx, b.identityRound(build))
	if err != nil {
		return err
	}
	if outcome.Moved > 0 || len(p.gone) > 0 {
		delete(p.deltas, peopleTable) // not only new logins
	}
	outcome.IsChanged = outcome.IsChanged || len(p.gone) > 0
	return b.notePeople(ctx, tx, outcome, build)
}

// followCompanies looks at contacts again whose companies turned out to be one:
// a person may be a contact of each of a customer's entries.
func (b *Builder) followCompanies(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	if err := identity.TouchCompanies(ctx, tx, build.ID); err != nil {
		return err
	}
	outcome, err := identity.Resolve(ctx, tx, b.decidedRound(build))
	if err != nil {
		return err
	}
	if outcome.Moved > 0 {
		delete(build.plan.deltas, peopleTable)
	}
	return b.notePeople(ctx, tx, outcome, build)
}

// decidedRound is one in which no record changed.
func (b *Builder) decidedRound(build *Build) identity.Round {
	return identity.Round{BuildID: build.ID, Now: b.opts.Now(), Rules: b.identityRules(), Rows: map[string]string{}, Changes: map[string]string{}}
}

// notePeople lets the models that read of people be built again.
func (b *Builder) notePeople(ctx context.Context, tx *warehouse.Tx, outcome identity.Outcome, build *Build) error {
	if outcome.SuggestsAnew {
		if err := noteChange(ctx, tx, "identity.suggestion", build); err != nil {
			return err
		}
	}
	if !outcome.IsChanged {
		return nil
	}
	b.opts.Log.Info("resolved people", "build", build.ID, "logins", outcome.Solved, "moved", outcome.Moved, "refusals", outcome.Refusals)
	return noteChange(ctx, tx, peopleTable, build)
}

// offerIdentity lets the lake's transaction read addresses; those that were
// erased stay unread.
func (b *Builder) offerIdentity(ctx context.Context) error {
	if b.suppressed == nil {
		return identity.Offer(ctx, b.opts.DB, nil)
	}
	return identity.Offer(ctx, b.opts.DB, func(mailbox string) bool { return b.suppressed.Has(suppress.Mailbox, mailbox) })
}

// identityRound says what of staging changed: rows, where all the shapes that
// did can name theirs.
func (b *Builder) identityRound(build *Build) identity.Round {
	p := build.plan
	round := identity.Round{BuildID: build.ID, Now: b.opts.Now(), Rules: b.identityRules(), NewLogins: "work.delta.new_login",
		Rows: map[string]string{}, Changes: map[string]string{}}
	isWhole := len(p.gone) > 0
	for _, shape := range identity.Shapes() {
		if !p.touched(b.shapes[shape]) {
			continue
		}
		round.Rows[shape], round.Changes[shape] = "work.staging."+ident(shape), p.deltas["staging."+shape]
		isWhole = isWhole || round.Changes[shape] == ""
	}
	if isWhole {
		round.Changes = nil
	}
	for file := range p.renewed {
		if slices.Contains(identity.Shapes(), file.Shape) {
			round.Reread = append(round.Reread, file.Type)
		}
	}
	return round
}

// billingAddressLogins is how many customers of a biller may share an address:
// one is made at each purchase.
const billingAddressLogins = 10

func (b *Builder) identityRules() identity.Rules {
	rules := identity.Rules{NeedsGrant: b.opts.Config.Privacy.IdentityMatching == "opt_in"}
	for _, source := range b.opts.Sources {
		for _, instance := range source.Instances {
			known := identity.InstanceRules{Source: source.Type, Name: instance.Name, Trust: instance.EmailTrust,
				IsCommunity: slices.Contains(instance.Kinds, "community"), IsCRM: slices.Contains(instance.Kinds, "crm")}
			if slices.Contains(instance.Kinds, "billing") {
				known.AddressLogins = billingAddressLogins
			}
			rules.Instances = append(rules.Instances, known)
		}
	}
	return rules
}

// ResolvePeople applies what somebody decided in the lake at once; the marts
// follow with the next build. It needs the lake of an earlier build.
func (b *Builder) ResolvePeople(ctx context.Context) (identity.Outcome, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	build, err := b.newBuild(BuildRequest{})
	if err != nil {
		return identity.Outcome{}, err
	}
	build.plan = &stagingPlan{noted: map[string]bool{}, deltas: map[string]string{}}
	if err := errors.Join(b.prepareStaged(ctx, build), b.offerIdentity(ctx)); err != nil {
		return identity.Outcome{}, err
	}
	var outcome identity.Outcome
	err = b.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		if outcome, err = identity.Resolve(ctx, tx, b.decidedRound(build)); err != nil {
			return err
		}
		return b.notePeople(ctx, tx, outcome, build)
	})
	if err != nil {
		return outcome, fmt.Errorf("resolve people: %w", err)
	}
	return outcome, b.opts.DB.Lake.Checkpoint(ctx)
}

// planPeople notes whether people are to be resolved although staging did not
// change.
func (b *Builder) planPeople(ctx context.Context, conn *sql.Conn, p *stagingPlan) error {
	isDue, err := identity.IsDue(ctx, conn, b.identityRules(), b.opts.Now())
	p.peopleDue = isDue
	return err
}

// peopleMayMove reports whether known logins may come to belong to somebody
// else.
func (p *stagingPlan) peopleMayMove(shapes map[string]*shape) bool {
	return p.peopleDue || slices.ContainsFunc(identity.Shapes(), func(name string) bool { return p.touched(shapes[name]) })
}

// forgotten deletes the logins of instances of which nothing is stored any
// more.
func (p *stagingPlan) forgotten() []string {
	held := map[[2]string]bool{}
	for _, streams := range []map[streamKey]stagedStream{p.staged, p.kept} {
		for key := range streams {
			held[[2]string{key.Type, key.Instance}] = true
		}
	}
	var statements []string
	for key := range p.gone {
		if !held[[2]string{key.Type, key.Instance}] {
			statements = append(statements, fmt.Sprintf("delete from lake.identity.person_identity where source = %s and source_instance = %s", literal(key.Type), literal(key.Instance)))
		}
	}
	return statements
}
