package world

import (
	"fmt"
	"strconv"
)

// UserID is a login's id as its source writes it.
func (w *World) UserID(id LoginID) string {
	l := &w.Logins[id]
	switch l.Source {
	case Billing:
		return fmt.Sprintf("cus_%06d", l.ID)
	case Product:
		return fmt.Sprintf("usr_%06d", l.ID)
	}
	return strconv.FormatInt(l.ID, 10)
}

// IdentityID is a login's id in the lake: source:instance:user.
func (w *World) IdentityID(id LoginID) string {
	s := w.Logins[id].Source
	return s.Connector() + ":" + s.Instance() + ":" + w.UserID(id)
}

// CommunityKey is a community's id in the lake: a forum is its instance, a
// repository its own number there.
func (w *World) CommunityKey(id CommunityID) string {
	c := &w.Communities[id]
	key := c.Source.Connector() + ":" + c.Source.Instance()
	if c.Source == GitHub {
		return fmt.Sprintf("%s:%d", key, c.ID)
	}
	return key
}

// OrgKey is an org's id as its source writes it.
func (w *World) OrgKey(id OrgID) string {
	o := &w.Orgs[id]
	if o.Source == Product {
		return fmt.Sprintf("ws_%05d", o.ID)
	}
	if o.Source == Billing {
		return fmt.Sprintf("acct_%05d", o.ID)
	}
	return strconv.FormatInt(o.ID, 10)
}

// FullOrgID is an org's id in the lake.
func (w *World) FullOrgID(id OrgID) string {
	s := w.Orgs[id].Source
	return s.Connector() + ":" + s.Instance() + ":org:" + w.OrgKey(id)
}

// Username is a login's public name where the source has such: unique in it.
func (w *World) Username(id LoginID) string {
	l := &w.Logins[id]
	p := &w.People[l.Person]
	switch p.Kind {
	case Bot:
		return botNames()[p.given]
	case Test:
		return fmt.Sprintf("test%d_%d", p.given+1, l.ID)
	case Mailbox:
		return fmt.Sprintf("%s_%d", mailboxLocals()[p.given], l.ID)
	}
	given, family := fold(w.givenName(p)), fold(w.familyName(p))
	if l.Source == GitHub {
		return fmt.Sprintf("%s-%s-%d", given, family, l.ID%100_000)
	}
	return fmt.Sprintf("%s_%s%d", given, family[:1], l.ID)
}

// Subject is the login's id at Tidewater's own sign-in, which product users
// have and forum members who came in through it; "" for others.
func (w *World) Subject(id LoginID) string {
	l := &w.Logins[id]
	if l.subject == 0 {
		return ""
	}
	return fmt.Sprintf("tw|%08x", l.subject)
}

// Issuer is who hands out Subjects.
const Issuer = "https://id." + Domain

// RolesOf are the roles a login holds at a moment.
func (w *World) RolesOf(id LoginID, at Moment) []RoleName {
	var held []RoleName
	for _, r := range w.Roles[w.Logins[id].roles:w.end(id, func(l *Login) int32 { return l.roles }, len(w.Roles))] {
		if r.From <= at && at < r.Until {
			held = append(held, r.Name)
		}
	}
	return held
}

// DisplayName is the name a login shows at its source: mostly the whole one;
// at the forums a fifth give only the first, at GitHub a third give none.
func (w *World) DisplayName(id LoginID) string {
	l := &w.Logins[id]
	p := &w.People[l.Person]
	draw := mix(w.Seed, uint64(onLogins)<<32|uint64(id)) % 30
	switch {
	case p.Kind != Human:
	case l.Source <= Lab && draw < 6:
		return w.givenName(p)
	case l.Source == GitHub && draw < 10:
		return ""
	}
	return w.Name(l.Person)
}
