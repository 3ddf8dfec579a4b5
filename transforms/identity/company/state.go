package company

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"rollcall/transforms/identity"
)

// An account is one row of identity.account.
type account struct {
	id, anchor string
	createdAt  time.Time
	build      string
}

// A source is a present row of identity.account_source.
type source struct {
	account, method string
	confidence      float64
	linkedAt        time.Time
	build           string
}

// A domain is a row of identity.account_domain that lasts.
type domain struct {
	account string
	from    sql.NullTime
}

func (r *resolver) readState(ctx context.Context) error {
	r.sources, r.domains, r.closed = map[string]source{}, map[string]domain{}, map[string]bool{}
	err := r.each(ctx, "select account_id, anchor_org_id, created_at, build_id from lake.identity.account order by created_at, account_id", func(scan func(...any) error) error {
		var a account
		err := scan(&a.id, &a.anchor, &a.createdAt, &a.build)
		r.accounts = append(r.accounts, a)
		return err
	})
	if err != nil {
		return err
	}
	err = r.each(ctx, `select org_id, account_id, match_method, match_confidence, linked_at, build_id
from lake.identity.account_source where unlinked_at is null`, func(scan func(...any) error) error {
		var org string
		var s source
		err := scan(&org, &s.account, &s.method, &s.confidence, &s.linkedAt, &s.build)
		r.sources[org] = s
		return err
	})
	if err != nil {
		return err
	}
	err = r.each(ctx, "select domain, account_id, valid_from, valid_to is null from lake.identity.account_domain", func(scan func(...any) error) error {
		var name string
		var d domain
		var isOpen bool
		err := scan(&name, &d.account, &d.from, &isOpen)
		if isOpen {
			r.domains[name] = d
		} else {
			r.closed[name] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.each(ctx, `select distinct v.domain from lake.vault.value as v
where v.id_type = 'email' and v.domain is not null and v.class in ('unique', 'role')`, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		r.observed = append(r.observed, name)
		return err
	})
}

// survive gives every company the id of the account that it was, or a new one.
func (r *resolver) survive() {
	number, index := map[string]int32{}, map[string]int32{}
	for i, a := range r.accounts {
		number[a.id] = int32(i)
	}
	was := make([]int32, len(r.Orgs))
	for i, org := range r.Orgs {
		index[org.ID] = int32(i)
		was[i] = -1
		if former, found := number[r.sources[org.ID].account]; found {
			was[i] = former
		}
	}
	anchors := make([]int32, len(r.accounts))
	for i, a := range r.accounts {
		anchors[i] = -1
		if org, found := index[a.anchor]; found {
			anchors[i] = org
		}
	}
	survival := identity.Survive(anchors, was, r.Of, cmp.Compare[int32], cmp.Compare[int32])
	r.into = survival.Into
	for _, former := range survival.Of {
		if former >= 0 {
			r.ids = append(r.ids, r.accounts[former].id)
		} else {
			r.ids = append(r.ids, uuid.Must(uuid.NewV7()).String())
		}
	}
}

// keepAccounts adds new accounts, and gives one whose anchor is gone another.
func (r *resolver) keepAccounts(ctx context.Context) (bool, error) {
	known := map[string]account{}
	for _, a := range r.accounts {
		known[a.id] = a
	}
	members := map[int32][]string{}
	for i, org := range r.Orgs {
		members[r.Of[i]] = append(members[r.Of[i]], org.ID)
	}
	var rows [][]driver.Value
	for company, id := range r.ids {
		a, found := known[id]
		if found && slices.Contains(members[int32(company)], a.anchor) {
			continue
		}
		if !found {
			a = account{id: id, createdAt: r.Now, build: r.BuildID}
		} else if err := r.tx.Exec(ctx, "delete from lake.identity.account where account_id = ?", id); err != nil {
			return false, err
		}
		rows = append(rows, []driver.Value{id, members[int32(company)][0], a.createdAt, a.build})
	}
	return len(rows) > 0, r.append(ctx, "account", rows)
}

// keepMerges says where accounts went that are no more, once for each.
func (r *resolver) keepMerges(ctx context.Context) (bool, error) {
	gone := map[string]string{}
	if err := r.each(ctx, "select merged_account_id, surviving_account_id from lake.identity.account_merge", func(scan func(...any) error) error {
		var merged, surviving string
		err := scan(&merged, &surviving)
		gone[merged] = surviving
		return err
	}); err != nil {
		return false, err
	}
	var rows [][]driver.Value
	for i, company := range r.into {
		merged := r.accounts[i].id
		if company < 0 || r.ids[company] == merged || gone[merged] == r.ids[company] {
			continue
		}
		if gone[merged] != "" {
			if err := r.tx.Exec(ctx, "delete from lake.identity.account_merge where merged_account_id = ?", merged); err != nil {
				return false, err
			}
		}
		rows = append(rows, []driver.Value{merged, r.ids[company], r.Now, "overlap", r.BuildID})
	}
	return len(rows) > 0, r.append(ctx, "account_merge", rows)
}

// keepSources closes the rows of orgs that moved or went, and adds those that
// came.
func (r *resolver) keepSources(ctx context.Context) (bool, error) {
	var rows [][]driver.Value
	here := map[string]bool{}
	for i, org := range r.Orgs {
		here[org.ID] = true
		before, found := r.sources[org.ID]
		now := source{r.ids[r.Of[i]], string(r.Methods[i]), r.Methods[i].Confidence(), r.Now, r.BuildID}
		if found && before.account == now.account && before.method == now.method {
			continue
		}
		if found {
			closed, err := r.closeSource(ctx, org.ID, before)
			if err != nil {
				return false, err
			}
			rows = append(rows, closed)
		}
		rows = append(rows, now.row(org.ID, nil))
	}
	for _, org := range slices.Sorted(maps.Keys(r.sources)) {
		if !here[org] {
			closed, err := r.closeSource(ctx, org, r.sources[org])
			if err != nil {
				return false, err
			}
			rows = append(rows, closed)
		}
	}
	return len(rows) > 0, r.append(ctx, "account_source", rows)
}

func (r *resolver) closeSource(ctx context.Context, org string, s source) ([]driver.Value, error) {
	return s.row(org, r.Now), r.tx.Exec(ctx, "delete from lake.identity.account_source where org_id = ? and unlinked_at is null", org)
}

func (r *resolver) append(ctx context.Context, table string, rows [][]driver.Value) error {
	if len(rows) == 0 {
		return nil
	}
	return r.tx.Append(ctx, "identity", table, func(add func(...driver.Value) error) error {
		for _, row := range rows {
			if err := add(row...); err != nil {
				return err
			}
		}
		return nil
	})
}
