package world

import (
	"strconv"
	"strings"
)

// Forms of addresses: how a name becomes the part before the @.
const (
	formDotted  uint8 = iota // first.last@
	formInitial              // flast@
	formGiven                // first@
	formJoined               // firstlast@
	formMailbox              // support@
	formPrivate              // first.last at a free provider, from here on one each
)

func providers() []string {
	return []string{"gmail.com", "outlook.com", "gmx.de", "yahoo.co.jp", "icloud.com", "proton.me"}
}

// Email is an address as its owner would write it.
func (w *World) Email(id AddressID) string {
	a := &w.Addresses[id]
	if a.form >= formPrivate {
		return w.localPart(a) + "@" + providers()[a.form-formPrivate]
	}
	return w.localPart(a) + "@" + w.CompanyDomain(a.Company)
}

func (w *World) localPart(a *Address) string {
	p := &w.People[a.Person]
	number := ""
	if a.number > 0 {
		number = strconv.Itoa(int(a.number) + 1)
	}
	switch p.Kind {
	case Mailbox:
		return mailboxLocals()[p.given] + number
	case Bot:
		return fold(botNames()[p.given])
	case Test:
		return "test" + strconv.Itoa(int(p.given)+1)
	}
	given, family := fold(w.givenName(p)), fold(w.familyName(p))
	switch a.form {
	case formInitial:
		return given[:1] + family + number
	case formGiven:
		return given + number
	case formJoined:
		return given + family + number
	}
	return given + "." + family + number
}

// Spellings: how one address is written at a source.
const (
	spelledPlain    uint8 = iota
	spelledTagged         // local+tidewater@
	spelledCapitals       // Local@Domain
	spelledUndotted       // Gmail only: dots left out
	spelledGoogle         // Gmail only: @googlemail.com
	spelledShouting       // LOCAL@DOMAIN
	spellingCount
)

// Text is the address as the login's source shows it.
func (w *World) Text(h *Holding) string {
	email := w.Email(h.Address)
	local, domain, _ := strings.Cut(email, "@")
	gmail := domain == "gmail.com"
	switch {
	case h.spelling == spelledTagged:
		return local + "+tidewater@" + domain
	case h.spelling == spelledCapitals:
		return strings.ToUpper(local[:1]) + local[1:] + "@" + domain
	case h.spelling == spelledUndotted && gmail:
		return strings.ReplaceAll(local, ".", "") + "@" + domain
	case h.spelling == spelledGoogle && gmail:
		return local + "@googlemail.com"
	case h.spelling == spelledShouting:
		return strings.ToUpper(email)
	}
	return email
}

// HeldBy are all addresses a login ever shows, in order of time.
func (w *World) HeldBy(id LoginID) []Holding {
	return w.Holdings[w.Logins[id].holdings:w.end(id, func(l *Login) int32 { return l.holdings }, len(w.Holdings))]
}

// LinksOf are all orgs a login is ever said to belong to, in order of time.
func (w *World) LinksOf(id LoginID) []Link {
	return w.Links[w.Logins[id].links:w.end(id, func(l *Login) int32 { return l.links }, len(w.Links))]
}

// end is where the next login's part of a table begins.
func (w *World) end(id LoginID, begin func(*Login) int32, total int) int32 {
	if int(id)+1 < len(w.Logins) {
		return begin(&w.Logins[id+1])
	}
	return int32(total)
}

// AddressesOf are those that a login shows at a moment, as written there, the
// primary one first; none of a login not yet made or gone.
func (w *World) AddressesOf(id LoginID, at Moment) []string {
	var shown []string
	held := w.HeldBy(id)
	for _, primary := range []bool{true, false} {
		for i := range held {
			if h := &held[i]; h.IsPrimary == primary && h.From <= at && at < h.Until {
				shown = append(shown, w.Text(h))
			}
		}
	}
	return shown
}
