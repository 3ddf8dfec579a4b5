package company

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"rollcall/internal/warehouse"
)

// Options are what Resolve needs beside the lake.
type Options struct {
	BuildID string
	Now     time.Time
	// Kinds are those of an instance ("files:crm"): entries of a CRM or a
	// helpdesk are kept by people.
	Kinds map[string][]string
	// Tables are the tables of staging with a column org_id.
	Tables []string
	// OwnDomains are those of ourselves: their people belong to no customer.
	OwnDomains []string
}

// Resolve brings identity.account and the tables around it up to what staging,
// merges and decisions say, in the lake's open transaction, after people were
// resolved. It returns the tables that it changed; where nothing changed it
// writes nothing.
func Resolve(ctx context.Context, tx *warehouse.Tx, o Options) (changed []string, err error) {
	r := &resolver{Options: o, tx: tx}
	if err := r.readEvidence(ctx); err != nil {
		return nil, fmt.Errorf("read what is known of companies: %w", err)
	}
	if err := r.readState(ctx); err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	r.Solution = Solve(r.evidence)
	r.survive()
	for _, keep := range []struct {
		table string
		keep  func(context.Context) (bool, error)
	}{
		{"account", r.keepAccounts}, {"account_merge", r.keepMerges}, {"account_source", r.keepSources},
		{"account_domain", r.keepDomains}, {"login_domain", r.keepLoginDomains}, {"account_suggestion", r.keepSuggestions},
	} {
		isChanged, err := keep.keep(ctx)
		if err != nil {
			return nil, fmt.Errorf("write identity.%s: %w", keep.table, err)
		}
		if isChanged {
			changed = append(changed, "identity."+keep.table)
		}
	}
	if err := r.keepRules(ctx); err != nil {
		return nil, fmt.Errorf("write identity.account_solved: %w", err)
	}
	return changed, nil
}

type resolver struct {
	Options
	tx       *warehouse.Tx
	evidence Evidence
	accounts []account // before, the oldest first
	sources  map[string]source
	domains  map[string]domain // open ones
	closed   map[string]bool   // domains that once belonged to somebody
	observed []string          // domains of addresses
	Solution
	ids  []string // per company of the solution
	into []int32  // per account of before: its company now, or -1
}

// each runs a select and hands over its rows.
func (r *resolver) each(ctx context.Context, query string, fn func(scan func(...any) error) error) (err error) {
	rows, err := r.tx.Query(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (r *resolver) readEvidence(ctx context.Context) error {
	for _, read := range []func(context.Context) error{r.readOrgs, r.readNamed, r.readMerges, r.readDecisions} {
		if err := read(ctx); err != nil {
			return err
		}
	}
	return nil
}

// readOrgs folds the records of each org: what changed last counts, the domains
// and references of all live records do.
func (r *resolver) readOrgs(ctx context.Context) error {
	return r.each(ctx, `select o.org_id, coalesce(o.source, '') || ':' || coalesce(o.source_instance, ''),
    split_part(o.record, ':', 1) || ':' || split_part(o.record, ':', 2), coalesce(o.name, ''), coalesce(o.domain, ''),
    coalesce(o.reference_org_id, ''), coalesce(o.parent_org_id, ''), coalesce(o.is_customer, false), o.deleted_at is null
from lake.staging.org as o
where o.org_id is not null
order by o.org_id, o.deleted_at is null, o.source_updated_at nulls first, o.record`, func(scan func(...any) error) error {
		var org Org
		var instance, domainText, reference string
		var isLive bool
		if err := scan(&org.ID, &org.List, &instance, &org.Name, &domainText, &reference, &org.Parent, &org.IsCustomer, &isLive); err != nil {
			return err
		}
		org.IsKept = r.isKept(instance)
		if n := len(r.evidence.Orgs); n > 0 && r.evidence.Orgs[n-1].ID == org.ID {
			org.Domains = r.evidence.Orgs[n-1].Domains
			r.evidence.Orgs = r.evidence.Orgs[:n-1]
		}
		if d, ok := readDomain(domainText); ok && isLive && !r.isOwn(d.Name) {
			org.Domains = append(org.Domains, d)
		}
		if reference != "" && isLive {
			r.evidence.Links = append(r.evidence.Links, Link{org.ID, reference, Reference})
		}
		r.evidence.Orgs = append(r.evidence.Orgs, org)
		return nil
	})
}

func (r *resolver) isKept(instance string) bool {
	for _, kind := range r.Kinds[instance] {
		if kind == "crm" || kind == "helpdesk" {
			return true
		}
	}
	return false
}

func (r *resolver) isOwn(name string) bool {
	for _, own := range r.OwnDomains {
		if name == own || strings.HasSuffix(name, "."+own) {
			return true
		}
	}
	return false
}

// readNamed adds the orgs of which only other records speak.
func (r *resolver) readNamed(ctx context.Context) error {
	var selects []string
	for _, table := range r.Tables {
		selects = append(selects, "select t.org_id from lake.staging."+warehouse.Ident(table)+" as t")
	}
	if len(selects) == 0 {
		return nil
	}
	return r.each(ctx, fmt.Sprintf(`select n.org_id, split_part(n.org_id, ':', 1) || ':' || split_part(n.org_id, ':', 2)
from (%s) as n
where n.org_id is not null and not exists (select 1 from lake.staging.org as o where o.org_id = n.org_id)`,
		strings.Join(selects, " union ")), func(scan func(...any) error) error {
		var org Org
		err := scan(&org.ID, &org.List)
		r.evidence.Orgs = append(r.evidence.Orgs, org)
		return err
	})
}

func (r *resolver) readMerges(ctx context.Context) error {
	return r.each(ctx, `select m.merged_id, m.surviving_id from lake.staging.merge as m
where m.object = 'org' and m.deleted_at is null and m.merged_id is not null and m.surviving_id is not null`, func(scan func(...any) error) error {
		link := Link{Method: Merge}
		err := scan(&link.A, &link.B)
		r.evidence.Links = append(r.evidence.Links, link)
		return err
	})
}

func (r *resolver) readDecisions(ctx context.Context) error {
	return r.each(ctx, `select d.verb, d.identity_id, d.other_identity_id from lake.identity.decision as d
where d.verb in ('account_same', 'account_not_same')`, func(scan func(...any) error) error {
		var verb, a, b string
		if err := scan(&verb, &a, &b); err != nil {
			return err
		}
		if verb == "account_same" {
			r.evidence.Links = append(r.evidence.Links, Link{a, b, Manual})
		} else {
			r.evidence.Apart = append(r.evidence.Apart, [2]string{a, b})
		}
		return nil
	})
}

// nullTime is a time that may be missing, as the appender takes it.
func nullTime(t sql.NullTime) any {
	if !t.Valid {
		return nil
	}
	return t.Time
}
