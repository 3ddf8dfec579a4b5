package truth

import (
	"slices"

	"rollcall/internal/world"
)

// A belonging is a span over which a human belongs to a company, by its number.
type belonging struct {
	company     int32
	from, until world.Moment
}

// countMatches counts the forum logins that are live at the end of a month and
// may be linked, and those of them whose human belongs to a company then. What
// is known of people and companies now holds for earlier months as well; a link
// of less than 0.9 does not count, as by an address that only its owner vouches
// for.
func (h *history) countMatches(l *ledger) {
	if h.companies == nil {
		return
	}
	linkable := mayLink(h.w, h.at, h.objecting)
	belongings := h.belongings(linkable)
	for m := l.first; m <= l.last; m++ {
		end := h.endOfDay(m.last())
		for _, login := range h.members {
			if login.joined >= end || login.left < end || !linkable[login.login] || h.people.standing(login.human, end-1) != member {
				continue
			}
			belongs := slices.ContainsFunc(belongings[login.human], func(b belonging) bool { return b.from < end && b.until >= end })
			l.share("identity_match_rate", m, h.slices(login.community), belongs)
		}
	}
}

// belongings are, by human, what sources state and, of companies of which none
// states anything, what the domains of addresses tell.
func (h *history) belongings(linkable []bool) map[int32][]belonging {
	owners, told, all := h.domainOwners(), map[int32][]belonging{}, map[int32][]belonging{}
	for i := range h.w.Logins {
		if id := world.LoginID(i); linkable[i] && h.w.Logins[i].Made < h.at {
			all[h.human(id)] = append(all[h.human(id)], h.stated(id)...)
			told[h.human(id)] = append(told[h.human(id)], h.byDomain(id, owners)...)
		}
	}
	for human, list := range told {
		stated := all[human]
		for _, b := range list {
			if !slices.ContainsFunc(stated, func(s belonging) bool { return s.company == b.company }) {
				all[human] = append(all[human], b)
			}
		}
	}
	return all
}

// stated is what the login's own source says: its memberships, and for a user
// of the product the workspace, while the user is not switched off.
func (h *history) stated(id world.LoginID) []belonging {
	var list []belonging
	for n, link := range h.w.LinksOf(id) {
		if link.From >= h.at {
			continue
		}
		until := link.Until
		if until >= h.at || until == h.w.Logins[id].Gone { // that an entry is gone ends none of its memberships
			until = world.Never
		}
		list = append(list, belonging{h.companies[link.Org], link.From, until})
		if l := &h.w.Logins[id]; n == 0 && l.Source == world.Product {
			list = append(list, belonging{h.companies[link.Org], l.Made, l.Gone})
		}
	}
	return list
}

// domainOwners are the companies, by the world's own numbers, whose domain some
// live org states, with what they were resolved to.
func (h *history) domainOwners() map[world.CompanyID]int32 {
	owners := map[world.CompanyID]int32{}
	for i := range h.w.Orgs {
		if o := &h.w.Orgs[i]; o.Domain && o.Made < h.at && o.Gone >= h.at {
			owners[o.Company] = h.companies[i]
		}
	}
	return owners
}

// byDomain is what a login's addresses tell that somebody else vouches for. The
// first domain seen at a login holds from always, since the address may be
// older than the login; others from when they were seen.
func (h *history) byDomain(id world.LoginID, owners map[world.CompanyID]int32) []belonging {
	l, seen := &h.w.Logins[id], map[world.CompanyID]belonging{}
	if l.Source.EmailTrust() == "self" {
		return nil
	}
	first := world.Never
	for _, held := range h.w.HeldBy(id) {
		from, until, isShown := h.heldOver(l, held)
		if !isShown {
			continue
		}
		first = min(first, from)
		company := h.w.Addresses[held.Address].Company
		if owner, ok := owners[company]; ok {
			b, isKnown := seen[company]
			if !isKnown {
				b = belonging{owner, from, until}
			}
			seen[company] = belonging{owner, min(b.from, from), max(b.until, until)}
		}
	}
	var list []belonging
	for _, b := range seen {
		if b.from == first {
			b.from = beginning
		}
		list = append(list, b)
	}
	return list
}

// heldOver is over what time a login is known to have shown an address. Sources
// with a history of addresses say so; of others it counts from the login's own
// beginning until a look does not find it any more.
func (h *history) heldOver(l *world.Login, held world.Holding) (from, until world.Moment, isShown bool) {
	switch l.Source {
	case world.CRMWest, world.CRMEast, world.Helpdesk:
		until = held.Until
		if until >= h.at {
			until = world.Never
		}
		return held.From, until, held.From < h.at
	}
	if !h.witness.saw(held.From, held.Until) {
		return 0, 0, false
	}
	until = world.Never
	if look, ok := h.witness.firstLook(held.Until - 1); ok && held.Until < look {
		until = look
	}
	return l.Made, until, true
}
