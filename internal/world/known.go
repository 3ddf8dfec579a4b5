package world

import (
	"cmp"
	"slices"
)

// Known says which logins can be known to be one human's from what the sources
// show at a moment: a number for each login, equal for those. A human's logins
// hang together by an address (but a mailbox of several people's), a subject
// that the product shows, or a merge of contacts. By whose word an address
// stands matters (identity.md, tiers): the people's own word links only where
// one login alone gives it, and an address that nobody has had for 90 days
// begins anew. Communities' logins are linked only by their owner's own
// consent, others unless the owner refused.
//
// Looks are the moments at which somebody read the sources, in order of time,
// the last of them now: an address of a source without history counts if it
// was there at one of them. A login that no source shows has a number of its
// own.
func (w *World) Known(looks ...Moment) []int32 {
	at := looks[len(looks)-1]
	k := &knowing{World: w, of: make([]int32, len(w.Logins)), may: w.mayLink(at)}
	for i := range k.of {
		k.of[i] = int32(i)
	}
	addresses, subjects := map[AddressID][]claim{}, map[uint32]LoginID{}
	acted := w.actedAtGitHub(at)
	for i := range w.Logins {
		id, l := LoginID(i), &w.Logins[i]
		if !k.may[i] || l.Made >= at || w.People[l.Person].Kind == Mailbox || l.Source == GitHub && !acted[id] {
			continue
		}
		if first, ok := subjects[l.subject]; ok && l.Source == Product {
			k.link(first, id)
		} else if l.subject != 0 && l.Source == Product { // what a forum knows of it, it shows to nobody
			subjects[l.subject] = id
		}
		for _, c := range w.claims(id, looks) {
			addresses[c.address] = append(addresses[c.address], c)
		}
	}
	for i := range w.Addresses {
		k.linkAll(addresses[AddressID(i)])
	}
	for i := range w.Events {
		if e := &w.Events[i]; e.Kind == LoginsMerged && e.Seen < at && k.may[e.Login] && k.may[e.Object] {
			k.link(e.Login, LoginID(e.Object))
		}
	}
	for i := range k.of {
		k.of[i] = k.root(int32(i))
	}
	return k.of
}

// A claim is a login's word that an address was its owner's over [from, until).
type claim struct {
	login       LoginID
	address     AddressID
	from, until Moment
	isOwnWord   bool
}

// claims are those of a login that the sources showed at a look, of addresses
// that are its owner's. That an address is gone is told by sources with a
// history; of others it is seen at the next look, which is too late to begin
// anew.
func (w *World) claims(id LoginID, looks []Moment) []claim {
	l, at := &w.Logins[id], looks[len(looks)-1]
	history := l.Source == CRMWest || l.Source == CRMEast || l.Source == Helpdesk
	var shown []claim
	for _, h := range w.HeldBy(id) {
		seen := slices.ContainsFunc(looks, func(look Moment) bool { return h.From < look && h.Until >= look })
		if w.Addresses[h.Address].Person != l.Person || !seen && (!history || h.From >= at) {
			continue
		}
		c := claim{login: id, address: h.Address, from: h.From, until: h.Until, isOwnWord: l.Source.EmailTrust() == "self"}
		if h.Until >= at || !history {
			c.until = Never
		}
		shown = append(shown, c)
	}
	return shown
}

// mayLink says of each login whether it may be linked: the last answer counts.
func (w *World) mayLink(at Moment) []bool {
	may := make([]bool, len(w.Logins))
	for i := range may {
		may[i] = w.Logins[i].Source > GitHub
	}
	for i := range w.Events {
		if e := &w.Events[i]; e.Kind == ConsentSaid && e.Seen < at {
			may[e.Login] = Consent(e.Detail) == Granted
		}
	}
	return may
}

// actedAtGitHub are the logins that GitHub shows: those that did something in
// the organisation, and its members.
func (w *World) actedAtGitHub(at Moment) map[LoginID]bool {
	acted := map[LoginID]bool{}
	for i := range w.Events {
		e := &w.Events[i]
		if e.Login == None || e.Seen >= at || w.Logins[e.Login].Source != GitHub {
			continue
		}
		switch e.Kind {
		case RoleGiven, ThreadOpened, Replied, Reacted, Starred:
			acted[e.Login] = true
		}
	}
	return acted
}

// knowing joins logins into humans, or orgs into companies.
type knowing struct {
	*World
	of  []int32
	may []bool
}

// recycledAfter is how long nobody has an address before it counts as another's.
const recycledAfter = 90 * 24 * 3600 * 1000

// linkAll links the logins that claim one address: those of each stretch of
// time in which somebody had it.
func (k *knowing) linkAll(claims []claim) {
	slices.SortStableFunc(claims, func(a, b claim) int { return cmp.Compare(a.from, b.from) })
	start, until := 0, Moment(0)
	for i, c := range claims {
		if i > start && until != Never && c.from > until+recycledAfter {
			k.linkStretch(claims[start:i])
			start, until = i, 0
		}
		until = max(until, c.until)
	}
	k.linkStretch(claims[start:])
}

func (k *knowing) linkStretch(claims []claim) {
	first, own, ownWords := LoginID(None), LoginID(None), map[LoginID]bool{}
	for _, c := range claims {
		switch {
		case c.isOwnWord:
			own, ownWords[c.login] = c.login, true
		case first == None:
			first = c.login
		default:
			k.link(first, c.login)
		}
	}
	if first != None && len(ownWords) == 1 {
		k.link(first, own)
	}
}

func (k *knowing) link(a, b LoginID) { k.join(int32(a), int32(b)) }

func (k *knowing) join(a, b int32) {
	x, y := k.root(a), k.root(b)
	k.of[max(x, y)] = min(x, y)
}

func (k *knowing) root(i int32) int32 {
	for k.of[i] != i {
		k.of[i] = k.of[k.of[i]]
		i = k.of[i]
	}
	return i
}
