package world

import "fmt"

// contactSets is what a source calls the people, and the companies, in its
// files.
func contactSets(s Source) (people, companies string) {
	switch s {
	case CRMWest, CRMEast:
		return "contacts", "companies"
	case Billing:
		return "customer_contacts", "customers"
	case Helpdesk:
		return "requesters", "organisations"
	case Surveys:
		return "respondents", ""
	case Product:
		return "users", "workspaces"
	}
	return "attendees", ""
}

// login writes a login's row as it stands after an event, and those of its
// addresses that the event began or ended. Who is gone shows no address any
// more, also in the product, where the row of who was switched off remains.
func (x *exporter) login(e *Event) {
	l := &x.Logins[e.Login]
	if l.Source <= GitHub {
		return // their own APIs show them
	}
	people, _ := contactSets(l.Source)
	email, mergedInto, deleted := "", "", e.Kind == LoginGone && l.Source != Product
	if shown := x.AddressesOf(e.Login, e.At); len(shown) > 0 {
		email = shown[0]
	}
	if e.Kind == LoginsMerged {
		mergedInto, deleted = x.UserID(LoginID(e.Object)), true
	}
	cells := []string{x.UserID(e.Login), x.DisplayName(e.Login), email, stamp(l.Made), stamp(e.At), yes(deleted)}
	switch l.Source {
	case CRMWest, CRMEast:
		x.row(l.Source.Instance(), people, "id,name,email,created_at,updated_at,is_deleted,merged_into", append(cells, mergedInto)...)
	case Product:
		left := ""
		if e.Kind == LoginGone {
			left = stamp(l.Gone)
		}
		x.row(l.Source.Instance(), people, "id,name,email,created_at,updated_at,is_deleted,deactivated_at,workspace_id,subject", append(cells, left, x.workspaceOf(e.Login), x.Subject(e.Login))...)
	default:
		x.row(l.Source.Instance(), people, "id,name,email,created_at,updated_at,is_deleted", cells...)
	}
	if l.Source == CRMWest || l.Source == CRMEast || l.Source == Helpdesk {
		x.addresses(e)
	}
}

// workspaceOf is the first workspace that a product user belongs to.
func (x *exporter) workspaceOf(login LoginID) string {
	if links := x.LinksOf(login); len(links) > 0 {
		return x.OrgKey(links[0].Org)
	}
	return ""
}

// addresses writes the history of a login's addresses: a row when one begins,
// again when it ends.
func (x *exporter) addresses(e *Event) {
	l := &x.Logins[e.Login]
	held := x.HeldBy(e.Login)
	for n := range held {
		h := &held[n]
		if h.From != e.At && h.Until != e.At {
			continue
		}
		until := ""
		if h.Until == e.At {
			until = stamp(h.Until)
		}
		x.row(l.Source.Instance(), "addresses", "id,owner,email,from,until,updated_at",
			fmt.Sprintf("%s-%d", x.UserID(e.Login), n+1), x.UserID(e.Login), x.Text(h), stamp(h.From), until, stamp(e.At))
	}
}

// role writes what a login may do at its source.
func (x *exporter) role(e *Event) {
	if s := x.Logins[e.Login].Source; s > GitHub {
		x.row(s.Instance(), "roles", "owner,role,from", x.UserID(e.Login), [...]string{"staff", "moderator", "agent", "bot", "test"}[e.Detail], stamp(e.At))
	}
}

// link writes that a login belongs to a company, again when that ends.
func (x *exporter) link(e *Event) {
	s := x.Logins[e.Login].Source
	for n, l := range x.LinksOf(e.Login) {
		if int32(l.Org) != e.Object || e.At != l.From && e.At != l.Until {
			continue
		}
		until := ""
		if e.Kind == Unlinked {
			until = stamp(l.Until)
		}
		x.row(s.Instance(), "memberships", "id,owner,company_id,is_primary,from,until,updated_at",
			fmt.Sprintf("%s-%d", x.UserID(e.Login), n+1), x.UserID(e.Login), x.OrgKey(l.Org), yes(l.IsPrimary), stamp(l.From), until, stamp(e.At))
	}
}

// org writes a company's row, or that it was merged into another.
func (x *exporter) org(e *Event) {
	o := &x.Orgs[e.Object]
	_, companies := contactSets(o.Source)
	if e.Kind == OrgsMerged {
		x.row(o.Source.Instance(), "company_merges", "merged_id,surviving_id,merged_at", x.OrgKey(OrgID(e.Object)), x.OrgKey(OrgID(e.Other)), stamp(e.At))
	}
	domain, refers := "", ""
	if o.Domain {
		domain = x.CompanyDomain(o.Company)
	}
	if o.Refers != None {
		refers = x.FullOrgID(o.Refers)
	}
	x.row(o.Source.Instance(), companies, "id,name,domain,crm_company,country,created_at,updated_at,is_deleted",
		x.OrgKey(OrgID(e.Object)), x.CompanyName(o.Company), domain, refers, x.Companies[o.Company].Country.Code(), stamp(o.Made), stamp(e.At), yes(e.Kind == OrgsMerged))
}
