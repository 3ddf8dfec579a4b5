package company

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"maps"
	"slices"
	"strings"
)

// row is the row of identity.account_source of an org (source:instance:…:id).
func (s source) row(org string, unlinked any) []driver.Value {
	parts := strings.SplitN(org, ":", 3)
	for len(parts) < 3 {
		parts = append(parts, "")
	}
	return []driver.Value{org, s.account, parts[0], parts[1], strings.TrimPrefix(parts[2], "org:"), s.method, s.confidence, s.linkedAt, unlinked, s.build}
}

// keepDomains says which domain belongs to which account, the domains of
// addresses below a company's own included. A domain that goes to another
// account ends with the one before; a merge of accounts ends nothing.
func (r *resolver) keepDomains(ctx context.Context) (bool, error) {
	now := map[string]string{}
	for name, company := range r.Domains {
		now[name] = r.ids[company]
	}
	for _, name := range r.observed {
		if company, found := r.Owner(name); found && !r.isOwn(name) {
			now[name] = r.ids[company]
		}
	}
	merged := map[string]string{}
	for i, company := range r.into {
		if company >= 0 {
			merged[r.accounts[i].id] = r.ids[company]
		}
	}
	var rows [][]driver.Value
	names := maps.Clone(now)
	for name := range r.domains {
		names[name] = ""
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		changed, err := r.keepDomain(ctx, name, now[name], merged)
		if err != nil {
			return false, err
		}
		rows = append(rows, changed...)
	}
	return len(rows) > 0, r.append(ctx, "account_domain", rows)
}

// keepDomain returns the rows to write for one domain, after those that they
// replace were deleted. account is "" where it belongs to nobody.
func (r *resolver) keepDomain(ctx context.Context, name, account string, merged map[string]string) ([][]driver.Value, error) {
	before, isOpen := r.domains[name]
	if isOpen && before.account == account || !isOpen && account == "" {
		return nil, nil
	}
	var rows [][]driver.Value
	from := sql.NullTime{Time: r.Now, Valid: isOpen || r.closed[name]}
	if isOpen {
		if err := r.tx.Exec(ctx, "delete from lake.identity.account_domain where domain = ? and valid_to is null", name); err != nil {
			return nil, err
		}
		if merged[before.account] == account {
			from = before.from
		} else {
			rows = append(rows, []driver.Value{before.account, name, nullTime(before.from), r.Now})
		}
	}
	if account != "" {
		rows = append(rows, []driver.Value{account, name, nullTime(from), nil})
	}
	return rows, nil
}

// ownedLogins are the logins with an address below a company's domain: the
// domain only, since the address stays in the vault.
const ownedLogins = `select l.identity_id, v.domain, max(o.trust) as trust, min(o.seen_from) as seen_from,
    case when bool_or(o.seen_until is null) then null else max(o.seen_until) end as seen_until
from lake.identity.observation as o
inner join lake.vault.value as v on v.value_key = o.value_key and v.id_type = 'email' and v.class in ('unique', 'role')
inner join lake.identity.person_identity as l on l.identity_key = o.identity_key and l.unlinked_at is null
where v.domain in (select d.domain from lake.identity.account_domain as d)
group by l.identity_id, v.domain`

// keepLoginDomains replaces the domains of logins where they changed.
func (r *resolver) keepLoginDomains(ctx context.Context) (bool, error) {
	if err := r.tx.Exec(ctx, "create or replace temp table owned as "+ownedLogins); err != nil {
		return false, err
	}
	isChanged := false
	err := r.each(ctx, `select exists ((select * from lake.identity.login_domain except all select * from temp.owned)
    union all (select * from temp.owned except all select * from lake.identity.login_domain))`, func(scan func(...any) error) error {
		return scan(&isChanged)
	})
	statements := []string{"delete from lake.identity.login_domain", "insert into lake.identity.login_domain select * from temp.owned"}
	if !isChanged {
		statements = nil
	}
	for _, statement := range append(statements, "drop table temp.owned") {
		if err == nil {
			err = r.tx.Exec(ctx, statement)
		}
	}
	return isChanged, err
}

// keepSuggestions replaces the list of pairs to decide where it changed.
func (r *resolver) keepSuggestions(ctx context.Context) (bool, error) {
	before := map[Suggestion]bool{}
	err := r.each(ctx, "select org_id, other_org_id, reason from lake.identity.account_suggestion", func(scan func(...any) error) error {
		var s Suggestion
		err := scan(&s.A, &s.B, &s.Reason)
		before[s] = true
		return err
	})
	isSame := len(before) == len(r.Suggestions) && !slices.ContainsFunc(r.Suggestions, func(s Suggestion) bool { return !before[s] })
	if err != nil || isSame {
		return false, err
	}
	if err := r.tx.Exec(ctx, "delete from lake.identity.account_suggestion"); err != nil {
		return false, err
	}
	var rows [][]driver.Value
	for _, s := range r.Suggestions {
		rows = append(rows, []driver.Value{s.A, s.B, s.Reason, r.Now, r.BuildID})
	}
	return true, r.append(ctx, "account_suggestion", rows)
}
