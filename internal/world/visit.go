package world

// visit is a month of coming by to read, at the forums.
func (m *maker) visit(month int) {
	first, after := m.monthBounds(month)
	for s := range GitHub {
		p := &m.pools[s]
		for _, login := range p.staff {
			m.comeBy(login, month, first, after)
		}
		for _, login := range p.members {
			m.comeBy(login, month, first, after)
		}
	}
}

// comeBy is one login's days of a month at its forum, each day once.
func (m *maker) comeBy(login LoginID, month, first, after int) {
	l := &m.Logins[login]
	if l.Made >= m.days[after] || l.Gone <= m.days[first] {
		return
	}
	d := m.on(onVisits, int(login), month)
	community, seen := m.pools[l.Source].communities[0], uint64(0)
	rate := m.season(month) * float64(m.natures[l.Person].visits) * m.interest(l, max(l.Made, m.days[first]))
	for range d.poisson(rate) {
		day := m.busyDay(d, first, after)
		at := m.within(d, day, m.People[l.Person].Country)
		if mark := uint64(1) << (day - first); seen&mark == 0 && at > l.Made && at < min(l.Gone, l.Suspended) {
			seen |= mark
			m.happen(Event{At: at, Kind: Visited, Login: login, Object: int32(community), Other: None})
		}
	}
}

// starAndRefer: who likes a repository stars it, mostly on arriving, and some
// take the star back; some members were brought by another.
func (m *maker) starAndRefer() {
	github := &m.pools[GitHub]
	for _, login := range github.members {
		d := m.on(onFollowUps, int(login), -1)
		for _, community := range github.communities {
			if !d.chance(0.45) {
				continue
			}
			at := m.cut(login, m.Logins[login].Made+hours(d.lognormal(20, 2)))
			if m.happen(Event{At: at, Kind: Starred, Login: login, Object: int32(community), Other: None}) && d.chance(0.06) {
				m.happen(Event{At: m.cut(login, at+days(d.between(2, 200))), Kind: Unstarred, Login: login, Object: int32(community), Other: None})
			}
		}
	}
	forum := &m.pools[Forum]
	for i, login := range forum.members {
		d := m.on(onFollowUps, int(login), -2)
		if i < 20 || !d.chance(0.04) {
			continue
		}
		by, at := forum.members[d.below(i)], m.Logins[login].Made
		if m.Logins[by].Made < at && at < m.Logins[by].Gone {
			m.happen(Event{At: at, Kind: Referred, Login: by, Object: int32(m.Logins[login].Person), Other: None})
		}
	}
}
