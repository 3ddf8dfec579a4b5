package identity

import (
	"context"
	"database/sql/driver"
	"strings"

	"github.com/google/uuid"
)

// handOver gives SQL what changes of what was known: temp.moved, the logins with
// their standing; temp.cluster, the people of now that they belong to, and those of
// before that new logins come to, with the ids of new ones; temp.redirected,
// where people went that are no more; and temp.anchored, who is known by another
// login from now on. Of new logins and of people who have no others, SQL asks.
func (r *round) handOver(ctx context.Context, a *answers) error {
	l, t := a.loading, a.settled
	if err := r.handOverLogins(ctx, a); err != nil {
		return err
	}
	var named, redirected []int32
	for cluster, isNamed := range t.isNamed {
		if isNamed && !t.isFresh[cluster] {
			named = append(named, int32(cluster))
		}
	}
	for former, cluster := range t.Into {
		if cluster >= 0 && t.Of[cluster] != int32(former) {
			redirected = append(redirected, int32(former))
		}
	}
	labelOf := func(cluster int32) uint64 { return l.Logins[t.labels[cluster]].Key }
	err := fill(ctx, r, "cluster (cluster uinteger, person_key ubigint, new_id varchar, label_key ubigint)", named, func(cluster int32) []driver.Value {
		if former := t.Of[cluster]; former >= 0 {
			return []driver.Value{uint32(cluster), l.former.keys[former], nil, labelOf(cluster)}
		}
		return []driver.Value{uint32(cluster), nil, uuid.UUID(a.ids.of(cluster)).String(), labelOf(cluster)}
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

func (r *round) handOverLogins(ctx context.Context, a *answers) error {
	var moved []int32
	if a.settled.members > a.settled.arrivals {
		for i := range a.Logins {
			if isChanged, _ := a.differs(a.solution, a.settled, i); isChanged && a.stood[i].flags&knownFlag != 0 {
				moved = append(moved, int32(i))
			}
		}
	}
	return fill(ctx, r, "moved (identity_key ubigint, packed ubigint)", moved, func(login int32) []driver.Value {
		return []driver.Value{a.Logins[login].Key, a.standing(login)}
	})
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
