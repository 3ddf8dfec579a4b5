package identity

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
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
	for _, step := range []struct {
		name string
		run  func(context.Context, *loading, *Solution) error
	}{{"solution", r.handOver}, {"classes", r.writeClasses}, {"refusals", r.writeRefusals}, {"suggestions", r.writeSuggestions}} {
		if err := step.run(ctx, evidence, s); err != nil {
			return outcome, fmt.Errorf("write %s: %w", step.name, err)
		}
	}
	if outcome.SuggestsAnew, err = r.suggestionsChanged(ctx); err != nil {
		return outcome, err
	}
	if err := r.writePeople(ctx, &outcome); err != nil {
		return outcome, fmt.Errorf("write people: %w", err)
	}
	if err := r.suggestSimilar(ctx, &outcome); err != nil {
		return outcome, err
	}
	return outcome, r.remember(ctx)
}

// handOver gives SQL the solution: of each login that is not a new person alone
// its label, reach, tier and former person; and where people went that are no
// more.
func (r *round) handOver(ctx context.Context, l *loading, s *Solution) error {
	clusters := l.clustersOf(s.Label)
	anchors := make([]int32, len(l.anchorKeys))
	for i, key := range l.anchorKeys {
		anchors[i] = l.logins.find(key)
		if at := anchors[i]; at >= 0 && l.was[at] != int32(i) {
			anchors[i] = -1
		}
	}
	survival := Survive(anchors, l.was, clusters)
	err := r.exec(ctx, "create or replace temp table solved (identity_key ubigint, label_key ubigint, component ubigint, tier utinyint, former_key ubigint)",
		"create or replace temp table redirected (former_key ubigint, label_key ubigint)")
	if err != nil {
		return err
	}
	err = r.tx.AppendTemp("solved", func(row func(...driver.Value) error) error {
		for i, label := range s.Label {
			former := survival.Of[clusters[i]]
			if int(label) == i && int(s.Reach[i]) == i && former < 0 && s.Tier[i] == NoTier {
				continue
			}
			formerKey := driver.Value(nil)
			if former >= 0 {
				formerKey = l.former.keys[former]
			}
			if err := row(l.Logins[i].Key, l.Logins[label].Key, l.Logins[s.Reach[i]].Key, s.Tier[i], formerKey); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	labelOf := make([]uint64, len(survival.Of))
	for i, label := range s.Label {
		labelOf[clusters[i]] = l.Logins[label].Key
	}
	return r.tx.AppendTemp("redirected", func(row func(...driver.Value) error) error {
		for former, cluster := range survival.Into {
			if cluster >= 0 && survival.Of[cluster] != int32(former) {
				if err := row(l.former.keys[former], labelOf[cluster]); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// clustersOf numbers the people in the order of their labels' keys.
func (l *loading) clustersOf(labels []int32) []int32 {
	var people []int32
	for i, label := range labels {
		if int(label) == i {
			people = append(people, label)
		}
	}
	slices.SortFunc(people, func(a, b int32) int { return cmp.Compare(l.Logins[a].Key, l.Logins[b].Key) })
	clusters := make([]int32, len(labels))
	for cluster, label := range people {
		clusters[label] = int32(cluster)
	}
	for i, label := range labels {
		clusters[i] = clusters[label]
	}
	return clusters
}

// writeClasses notes which values are shared too widely to be one human's, and
// which are not any more.
func (r *round) writeClasses(ctx context.Context, l *loading, s *Solution) error {
	if err := r.exec(ctx, "create or replace temp table shared_value (value_key ubigint)"); err != nil {
		return err
	}
	err := r.tx.AppendTemp("shared_value", func(row func(...driver.Value) error) error {
		for _, value := range s.Generic {
			if err := row(l.Values[value].Key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	looked := "true"
	if !r.solvesAll {
		looked = "v.value_key in (select o.value_key from lake.identity.observation as o where " + r.ofLogins("o.identity_key") + ")"
	}
	return r.exec(ctx,
		fmt.Sprintf(`create or replace temp table ended as
select v.* replace (
    case when v.class = 'unique' then 'generic' else 'unique' end as class,
    case when v.class = 'unique' then 'shared by too many logins' end as reason)
from lake.vault.value as v
where v.class in ('unique', 'generic') and v.id_type = 'email' and %s
    and (v.class = 'generic') <> (v.value_key in (select g.value_key from temp.shared_value as g))`, looked),
		"delete from lake.vault.value as v using temp.ended as e where e.value_key = v.value_key",
		"insert into lake.vault.value select * from temp.ended")
}

func (r *round) writeRefusals(ctx context.Context, l *loading, s *Solution) error {
	if err := r.exec(ctx, "create or replace temp table refused (identity_key ubigint, other_key ubigint, value_key ubigint, rule varchar)"); err != nil {
		return err
	}
	err := r.tx.AppendTemp("refused", func(row func(...driver.Value) error) error {
		for _, refused := range s.Refusals {
			if err := row(l.Logins[refused.Login].Key, l.Logins[refused.Other].Key, l.valueKey(refused.Value), refused.Rule.String()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.exec(ctx,
		"create or replace temp table ended as select x.* from lake.identity.refusal as x where "+r.ofIdentities("x.identity_id"),
		"delete from lake.identity.refusal as x where "+r.ofIdentities("x.identity_id"),
		fmt.Sprintf(`insert into lake.identity.refusal (identity_id, other_identity_id, value_key, rule, refused_at, build_id)
select a.identity_id, b.identity_id, x.value_key, x.rule, coalesce(e.refused_at, %s), coalesce(e.build_id, %s)
from temp.refused as x
inner join temp.login as a on a.identity_key = x.identity_key
inner join temp.login as b on b.identity_key = x.other_key
left join temp.ended as e on e.identity_id = a.identity_id and e.other_identity_id = b.identity_id and e.rule = x.rule and e.value_key is not distinct from x.value_key`, r.now(), literal(r.BuildID)))
}

func (l *loading) valueKey(value int32) driver.Value {
	if value < 0 {
		return nil
	}
	return l.Values[value].Key
}

// ofIdentities is ofLogins for ids.
func (r *round) ofIdentities(column string) string {
	if r.solvesAll {
		return "true"
	}
	return column + " in (select l.identity_id from temp.login as l)"
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

func (r *round) writeSuggestions(ctx context.Context, l *loading, s *Solution) error {
	if err := r.exec(ctx, "create or replace temp table suggested (identity_key ubigint, other_key ubigint, value_key ubigint, rule varchar, strength double)"); err != nil {
		return err
	}
	err := r.tx.AppendTemp("suggested", func(row func(...driver.Value) error) error {
		for _, pair := range s.Suggestions {
			if err := row(l.Logins[pair.A].Key, l.Logins[pair.B].Key, l.valueKey(pair.Value), pair.Rule.String(), strengthOf(pair.Rule)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.exec(ctx,
		"create or replace temp table ended as select x.* from lake.identity.suggestion as x where x.rule <> 'similar' and ("+r.ofIdentities("x.identity_id")+")",
		fmt.Sprintf(`create or replace temp table suggestion as
select a.identity_id, b.identity_id as other_identity_id, x.rule, x.value_key, x.strength, pow(2, x.strength) / (1 + pow(2, x.strength)) as probability, cast(null as varchar) as evidence,
    coalesce(e.suggested_at, %s) as suggested_at, coalesce(e.build_id, %s) as build_id
from temp.suggested as x
inner join temp.login as a on a.identity_key = x.identity_key
inner join temp.login as b on b.identity_key = x.other_key
left join temp.ended as e on e.identity_id = a.identity_id and e.other_identity_id = b.identity_id and e.rule = x.rule and e.value_key is not distinct from x.value_key
where not exists (
    select 1 from lake.identity.decision as d
    where d.verb = 'not_same' and (d.identity_id = a.identity_id and d.other_identity_id = b.identity_id or d.identity_id = b.identity_id and d.other_identity_id = a.identity_id)
)`, r.now(), literal(r.BuildID)),
		"delete from lake.identity.suggestion as x where x.rule <> 'similar' and ("+r.ofIdentities("x.identity_id")+")",
		"insert into lake.identity.suggestion by name select * from temp.suggestion")
}

// suggestionsChanged reports whether others are suggested than before.
func (r *round) suggestionsChanged(ctx context.Context) (changed bool, err error) {
	return changed, scanOne(ctx, r.tx, `select (select count(*) from temp.suggestion) <> (select count(*) from temp.ended)
    or exists (select 1 from temp.suggestion as s where s.build_id = `+literal(r.BuildID)+`)`, &changed)
}
