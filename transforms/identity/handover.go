package identity

import (
	"cmp"
	"context"
	"database/sql/driver"
	"slices"
	"strings"
)

// Flags of a login in temp.moved, beside linkableFlag and standsFlag; its tier and
// instance stand where they do in [selectLogins].
const (
	changedFlag = 1 << iota // its row in identity.person_identity changes
	placedFlag              // its row in identity.login does
)

// handOver gives SQL what changes: temp.moved, the logins, with the numbers of
// their people and what is known of them in one number; temp.arrived, the same of
// those that are new, in the order of temp.newcomer; temp.cluster, the people of
// now that they belong to; temp.redirected, where people went that are no
// more; and temp.anchored, who is known by another login from now on.
func (r *round) handOver(ctx context.Context, l *loading, s *Solution, t *settling) error {
	if err := r.handOverLogins(ctx, l, s, t); err != nil {
		return err
	}
	var named, redirected []int32
	for cluster, isNamed := range t.isNamed {
		if isNamed {
			named = append(named, int32(cluster))
		}
	}
	for former, cluster := range t.Into {
		if cluster >= 0 && t.Of[cluster] != int32(former) {
			redirected = append(redirected, int32(former))
		}
	}
	labelOf := func(cluster int32) uint64 { return l.Logins[t.labels[cluster]].Key }
	err := fill(ctx, r, "cluster (cluster uinteger, person_key ubigint, label_key ubigint)", named, func(cluster int32) []driver.Value {
		if former := t.Of[cluster]; former >= 0 {
			return []driver.Value{uint32(cluster), l.former.keys[former], labelOf(cluster)}
		}
		return []driver.Value{uint32(cluster), nil, labelOf(cluster)}
	})
	if err != nil {
		return err
	}
	err = fill(ctx, r, "redirected (former_key ubigint, cluster uinteger)", redirected, func(former int32) []driver.Value {
		return []driver.Value{l.former.keys[former], uint32(t.Into[former])}
	})
	if err != nil {
		return err
	}
	return fill(ctx, r, "anchored (person_key ubigint, label_key ubigint)", t.anchored, func(former int32) []driver.Value {
		return []driver.Value{l.former.keys[former], labelOf(t.Into[former])}
	})
}

func (r *round) handOverLogins(ctx context.Context, l *loading, s *Solution, t *settling) error {
	err := r.exec(ctx, "create or replace temp table moved (identity_key ubigint, cluster uinteger, component ubigint, packed uinteger)",
		"create or replace temp table arrived (identity_key ubigint, cluster uinteger, component ubigint, packed uinteger)")
	if err != nil {
		return err
	}
	give := func(row func(...driver.Value) error, i int32) error {
		isChanged, isPlaced := l.differs(s, t, int(i))
		if !isChanged && !isPlaced {
			return nil
		}
		login := &l.Logins[i]
		packed := uint32(login.Instance)<<16 | uint32(s.Tier[i])<<8 | uint32(l.stood[i].flags&standsFlag) |
			flag(!login.NoLink, linkableFlag) | flag(isChanged, changedFlag) | flag(isPlaced, placedFlag)
		return row(login.Key, uint32(t.clusters[i]), l.Logins[s.Reach[i]].Key, packed)
	}
	err = r.tx.AppendTemp("moved", func(row func(...driver.Value) error) error {
		for i := range l.Logins {
			if l.stood[i].flags&knownFlag == 0 {
				continue
			}
			if err := give(row, int32(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(l.arrived, func(a, b arrival) int { return cmp.Compare(a.place, b.place) })
	return r.tx.AppendTemp("arrived", func(row func(...driver.Value) error) error {
		for _, a := range l.arrived {
			if err := give(row, a.login); err != nil {
				return err
			}
		}
		return nil
	})
}

func flag(isSet bool, bit uint32) uint32 {
	if isSet {
		return bit
	}
	return 0
}

// fill makes a temporary table, "name (columns)", with a row for each of a list.
func fill[T any](ctx context.Context, r *round, table string, list []T, rowOf func(T) []driver.Value) error {
	if err := r.exec(ctx, "create or replace temp table "+table); err != nil {
		return err
	}
	name, _, _ := strings.Cut(table, " ")
	return r.tx.AppendTemp(name, func(row func(...driver.Value) error) error {
		for _, item := range list {
			if err := row(rowOf(item)...); err != nil {
				return err
			}
		}
		return nil
	})
}
