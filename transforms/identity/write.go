package identity

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// solve solves the logins in temp.login and writes what came out.
func (r *round) solve(ctx context.Context) (Outcome, error) {
	evidence, err := r.load(ctx)
	if err != nil {
		return Outcome{}, err
	}
	s := Solve(&evidence.Evidence)
	outcome := Outcome{Solved: int64(len(evidence.Logins)), Refusals: len(s.Refusals)}
	if outcome.Solved == 0 {
		return outcome, r.remember(ctx)
	}
	settled := evidence.settle(s)
	outcome.IsChanged, outcome.Moved = settled.members > 0, settled.moved
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"classes", func(ctx context.Context) error { return r.writeClasses(ctx, evidence, s) }},
		{"refusals", func(ctx context.Context) error { return r.writeRefusals(ctx, evidence, s) }},
		{"suggestions", func(ctx context.Context) error { return r.writeSuggestions(ctx, evidence, s, &outcome) }},
		{"people", func(ctx context.Context) error { return r.writePeople(ctx, evidence, s, settled) }},
	} {
		if err := step.run(ctx); err != nil {
			return outcome, fmt.Errorf("write %s: %w", step.name, err)
		}
	}
	if err := r.suggestSimilar(ctx, &outcome); err != nil {
		return outcome, err
	}
	return outcome, r.remember(ctx)
}

// writeClasses notes which values are shared too widely to be one human's, and
// which are not any more.
func (r *round) writeClasses(ctx context.Context, l *loading, s *Solution) error {
	isShared := make([]bool, len(l.Values))
	for _, value := range s.Generic {
		isShared[value] = true
	}
	var turned []int32
	for value, was := range l.shared {
		if was != isShared[value] && l.Values[value].Class == Unique {
			turned = append(turned, int32(value))
		}
	}
	if len(turned) == 0 {
		return nil
	}
	err := fill(ctx, r, "shared_value (value_key ubigint)", turned, func(value int32) []driver.Value { return []driver.Value{l.Values[value].Key} })
	if err != nil {
		return err
	}
	const isTurned = "t.value_key in (select g.value_key from temp.shared_value as g)"
	if r.newValues {
		// A commit takes the rows of a large insert as they are, or appends them one by
		// one again if a single one was deleted.
		return r.exec(ctx, "update lake.vault.value as t set class = 'generic', reason = 'shared by too many logins' where "+isTurned)
	}
	return r.tx.Rewrite(ctx, "lake.vault.value", `case when t.class = 'unique' then 'generic' else 'unique' end as class,
    case when t.class = 'unique' then 'shared by too many logins' end as reason`, isTurned)
}

// writeRefusals replaces the refusals that are others than before.
func (r *round) writeRefusals(ctx context.Context, l *loading, s *Solution) error {
	err := fill(ctx, r, "refused (identity_key ubigint, other_key ubigint, value_key ubigint, rule varchar)", s.Refusals, func(refused Refusal) []driver.Value {
		return []driver.Value{l.Logins[refused.Login].Key, l.Logins[refused.Other].Key, l.valueKey(refused.Value), refused.Rule.String()}
	})
	if err != nil {
		return err
	}
	_, err = r.replacePairs(ctx, "refusal", r.ofIdentities("x.identity_id"), fmt.Sprintf(`select a.identity_id, b.identity_id as other_identity_id, x.value_key, x.rule, %s as refused_at, %s as build_id
from temp.refused as x
inner join temp.named as a on a.identity_key = x.identity_key
inner join temp.named as b on b.identity_key = x.other_key`, r.now(), literal(r.BuildID)), "refused")
	return err
}

// replacePairs brings the rows x of a table of pairs of logins to what a select
// over temp.named gives, and reports whether any differs. One that stays keeps
// when it was written first.
func (r *round) replacePairs(ctx context.Context, table, where, pairs, keys string) (bool, error) {
	const same = "%[1]s.identity_id = %[2]s.identity_id and %[1]s.other_identity_id = %[2]s.other_identity_id and %[1]s.rule = %[2]s.rule and %[1]s.value_key is not distinct from %[2]s.value_key"
	err := r.exec(ctx,
		fmt.Sprintf(`create or replace temp table named as
select i.identity_id, i.identity_key
from %s as i
where i.identity_key in (select x.identity_key from temp.%[2]s as x union select x.other_key from temp.%[2]s as x)`, r.ids(), keys),
		"create or replace temp table pair as\n"+pairs,
		fmt.Sprintf(`create or replace temp table ended as
select x.identity_id, x.other_identity_id, x.rule, x.value_key
from lake.identity.%s as x
where (%s) and not exists (select 1 from temp.pair as n where %s)`, table, where, fmt.Sprintf(same, "n", "x")),
		fmt.Sprintf("delete from temp.pair as n using lake.identity.%s as x where (%s) and %s", table, where, fmt.Sprintf(same, "n", "x")))
	if err != nil {
		return false, err
	}
	changed, err := r.count(ctx, "select (select count(*) from temp.pair) + (select count(*) from temp.ended)")
	if err != nil || changed == 0 {
		return false, err
	}
	return true, r.exec(ctx,
		fmt.Sprintf("delete from lake.identity.%s as x using temp.ended as e where (%s) and %s", table, where, fmt.Sprintf(same, "e", "x")),
		fmt.Sprintf("insert into lake.identity.%s by name select * from temp.pair", table))
}

func (l *loading) valueKey(value int32) driver.Value {
	if value < 0 {
		return nil
	}
	return l.Values[value].Key
}

// ofIdentities restricts rows to the logins that are solved.
func (r *round) ofIdentities(column string) string {
	if r.solvesAll {
		return "true"
	}
	return column + " in (select d.identity_id from temp.dirty as d)"
}

// Odds, in log2, of what one address suggests. That both logins say themselves
// that an address is theirs was right in 97 to 100 of 100 pairs of labelled
// data; of an address that several claim, one claim is right at best.
const (
	bothClaimIt  = 5.0
	severalClaim = 0.0
	mayBeShared  = -1.0
	twoCompanies = 3.0
)

func strengthOf(rule Rule) float64 {
	switch rule {
	case SelfAsserted:
		return bothClaimIt
	case OtherCompany:
		return twoCompanies
	case SharedBox:
		return mayBeShared
	}
	return severalClaim
}

// writeSuggestions replaces the suggestions that are others than before.
func (r *round) writeSuggestions(ctx context.Context, l *loading, s *Solution, outcome *Outcome) error {
	err := fill(ctx, r, "suggested (identity_key ubigint, other_key ubigint, value_key ubigint, rule varchar, strength double)", s.Suggestions, func(pair Suggestion) []driver.Value {
		return []driver.Value{l.Logins[pair.A].Key, l.Logins[pair.B].Key, l.valueKey(pair.Value), pair.Rule.String(), strengthOf(pair.Rule)}
	})
	if err != nil {
		return err
	}
	outcome.SuggestsAnew, err = r.replacePairs(ctx, "suggestion", "x.rule <> 'similar' and ("+r.ofIdentities("x.identity_id")+")", fmt.Sprintf(`select a.identity_id, b.identity_id as other_identity_id, x.rule, x.value_key, x.strength,
    pow(2, x.strength) / (1 + pow(2, x.strength)) as probability, cast(null as varchar) as evidence, %s as suggested_at, %s as build_id
from temp.suggested as x
inner join temp.named as a on a.identity_key = x.identity_key
inner join temp.named as b on b.identity_key = x.other_key
where not exists (
    select 1 from lake.identity.decision as d
    where d.verb = 'not_same' and (d.identity_id = a.identity_id and d.other_identity_id = b.identity_id or d.identity_id = b.identity_id and d.other_identity_id = a.identity_id)
)`, r.now(), literal(r.BuildID)), "suggested")
	return err
}
