package world

import (
	"cmp"
	"slices"
)

// finish puts the tables in order, numbers what sources number, and sorts the
// log.
func (m *maker) finish() {
	for i, o := range m.Orgs {
		m.happen(Event{At: o.Made, Kind: OrgMade, Login: None, Object: int32(i), Other: None})
	}
	m.forgetAfterLeaving()
	m.indexTables()
	m.numberLogins()
	m.numberOrgs()
	m.numberPosts()
	slices.SortStableFunc(m.Events, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	m.seen = make([]int32, len(m.Events))
	for i := range m.seen {
		m.seen[i] = int32(i)
	}
	slices.SortStableFunc(m.seen, func(a, b int32) int { return cmp.Compare(m.Events[a].Seen, m.Events[b].Seen) })
	m.findTwins()
}

// forgetAfterLeaving takes out what was planned for a login after it was gone.
func (m *maker) forgetAfterLeaving() {
	m.Events = slices.DeleteFunc(m.Events, func(e Event) bool {
		if e.Login == None || e.Kind == LoginGone || e.Kind == LoginsMerged {
			return false
		}
		return e.At >= m.Logins[e.Login].Gone
	})
	m.Holdings = slices.DeleteFunc(m.Holdings, func(h Holding) bool { return h.From >= m.Logins[h.Login].Gone })
	for i := range m.Holdings {
		h := &m.Holdings[i]
		h.Until = min(h.Until, m.Logins[h.Login].Gone)
	}
	m.Links = slices.DeleteFunc(m.Links, func(l Link) bool { return l.From >= m.Logins[l.Login].Gone })
	for i := range m.Links {
		l := &m.Links[i]
		l.Until = min(l.Until, m.Logins[l.Login].Gone)
	}
}

// indexTables sorts the tables that are looked up by login or person, and
// notes where each one's part begins.
func (m *maker) indexTables() {
	slices.SortStableFunc(m.Holdings, func(a, b Holding) int { return cmp.Or(cmp.Compare(a.Login, b.Login), cmp.Compare(a.From, b.From)) })
	slices.SortStableFunc(m.Links, func(a, b Link) int { return cmp.Or(cmp.Compare(a.Login, b.Login), cmp.Compare(a.From, b.From)) })
	slices.SortStableFunc(m.Roles, func(a, b Role) int { return cmp.Or(cmp.Compare(a.Login, b.Login), cmp.Compare(a.From, b.From)) })
	slices.SortStableFunc(m.Jobs, func(a, b Job) int { return cmp.Or(cmp.Compare(a.Person, b.Person), cmp.Compare(a.From, b.From)) })
	m.loginsByPerson = make([]LoginID, len(m.Logins))
	for i := range m.loginsByPerson {
		m.loginsByPerson[i] = LoginID(i)
	}
	slices.SortStableFunc(m.loginsByPerson, func(a, b LoginID) int { return cmp.Compare(m.Logins[a].Person, m.Logins[b].Person) })

	h, l, r := int32(0), int32(0), int32(0)
	for i := range m.Logins {
		login := &m.Logins[i]
		login.holdings, login.links, login.roles = h, l, r
		h = advance(m.Holdings, h, func(x *Holding) bool { return x.Login == LoginID(i) })
		l = advance(m.Links, l, func(x *Link) bool { return x.Login == LoginID(i) })
		r = advance(m.Roles, r, func(x *Role) bool { return x.Login == LoginID(i) })
	}
	j, n := int32(0), int32(0)
	for i := range m.People {
		p := &m.People[i]
		p.jobs, p.logins = j, n
		j = advance(m.Jobs, j, func(x *Job) bool { return x.Person == PersonID(i) })
		n = advance(m.loginsByPerson, n, func(x *LoginID) bool { return m.Logins[*x].Person == PersonID(i) })
	}
}

// advance is the first position from at on whose row is another's.
func advance[T any](table []T, at int32, mine func(*T) bool) int32 {
	for int(at) < len(table) && mine(&table[at]) {
		at++
	}
	return at
}

// numberLogins gives logins their sources' numbers, in order of making: each
// source counts from its own first number in its own steps. Forums share both,
// and so do CRM portals.
func (m *maker) numberLogins() {
	order := make([]LoginID, len(m.Logins))
	for i := range order {
		order[i] = LoginID(i)
	}
	sortBy(order, func(id LoginID) Moment { return m.Logins[id].Made })
	next := [sourceCount]int64{Forum: 1, Lab: 1, GitHub: 4_100_001, CRMWest: 101, CRMEast: 101, Billing: 1, Helpdesk: 20_001, Surveys: 1, Product: 1, Meetups: 1}
	for _, id := range order {
		l := &m.Logins[id]
		p := &m.People[l.Person]
		if p.Kind == Bot && l.Source != GitHub {
			l.ID = -1 - int64(p.given) // Discourse's own
			continue
		}
		l.ID = next[l.Source]
		next[l.Source]++
		if l.Source == GitHub {
			next[GitHub] += 36
		}
	}
}

func (m *maker) numberOrgs() {
	order := make([]OrgID, len(m.Orgs))
	for i := range order {
		order[i] = OrgID(i)
	}
	sortBy(order, func(id OrgID) Moment { return m.Orgs[id].Made })
	var next [sourceCount]int64
	for _, id := range order {
		o := &m.Orgs[id]
		next[o.Source]++
		o.ID = 500 + next[o.Source]
	}
}

// numberPosts gives threads and posts their sources' numbers, in the order in
// which they were shown.
func (m *maker) numberPosts() {
	order := make([]PostID, len(m.Posts))
	for i := range order {
		order[i] = PostID(i)
	}
	sortBy(order, func(id PostID) Moment { return m.Posts[id].Seen })
	nextThread := [GitHub + 1]int64{10, 10, 6_200_000}
	nextPost := [GitHub + 1]int64{12, 12, 9_500_000}
	inRepository := make([]int32, len(m.Communities))
	inThread := make([]int32, len(m.Threads))
	for _, id := range order {
		p := &m.Posts[id]
		t := &m.Threads[p.Thread]
		s := m.Communities[t.Community].Source
		if t.Opening == id {
			inRepository[t.Community]++
			t.ID, t.Number = nextThread[s], inRepository[t.Community]
			nextThread[s]++
		}
		inThread[p.Thread]++
		p.ID, p.Number = nextPost[s], inThread[p.Thread]
		nextPost[s]++
		if t.Opening == id && s == GitHub {
			p.ID = t.ID
		}
	}
}

// findTwins notes the first equal ids that are two people's.
func (m *maker) findTwins() {
	twins := func(a, b Source) [2]LoginID {
		first := map[int64]LoginID{}
		for i := range m.Logins {
			if l := &m.Logins[i]; l.Source == a && m.People[l.Person].Kind == Human {
				first[l.ID] = LoginID(i)
			}
		}
		for i := range m.Logins {
			l := &m.Logins[i]
			if other, ok := first[l.ID]; ok && l.Source == b && m.People[l.Person].Kind == Human && m.Logins[other].Person != l.Person {
				return [2]LoginID{other, LoginID(i)}
			}
		}
		return [2]LoginID{None, None}
	}
	m.Planted.ForumTwins = twins(Forum, Lab)
	m.Planted.PortalTwins = twins(CRMWest, CRMEast)
}
