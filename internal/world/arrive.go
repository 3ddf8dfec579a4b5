package world

// arrive makes the logins that do not wait for a contract: in communities and
// as contacts of the CRM.
func (m *maker) arrive() {
	for i := range m.People {
		id := PersonID(i)
		switch m.People[i].Kind {
		case Bot:
			m.installBot(id)
		case Test:
			m.installTest(id)
		case Staff:
			m.joinCommunities(id)
			if i%2 == 1 {
				agent := m.signUp(Helpdesk, id, m.Start+hours(8), m.jobAt(id, m.Start).Address)
				m.hold(agent, RoleAgent, m.Start+hours(8))
				m.agents = append(m.agents, agent)
			}
		case Mailbox:
			m.listContacts(id)
			if m.People[i].given == 0 { // support@ writes to the helpdesk, too
				m.signUp(Helpdesk, id, m.Start+days(14), m.jobAt(id, m.Start).Address)
			}
		default:
			m.joinCommunities(id)
			m.listContacts(id)
		}
	}
	m.linkPlanted()
}

// installBot: the first two are each forum's own, the others run at GitHub.
func (m *maker) installBot(id PersonID) {
	sources := []Source{Forum, Lab}
	if m.People[id].given >= 2 {
		sources = []Source{GitHub}
	}
	for _, s := range sources {
		m.hold(m.signUp(s, id, m.Start, None), RoleBot, m.Start)
	}
}

// installTest is a colleague's second self, at the forum and in the product.
func (m *maker) installTest(id PersonID) {
	at := m.Start + days(5+20*float64(m.People[id].given))
	job := m.hireAs(id, Tidewater, m.Start, Never, formGiven)
	m.hold(m.signUp(Forum, id, at, m.Jobs[job].Address), RoleTest, at)
	m.hold(m.signUp(Product, id, at+hours(1), m.Jobs[job].Address), RoleTest, at+hours(1))
}

// joinCommunities makes a person's logins at the forums and GitHub.
func (m *maker) joinCommunities(id PersonID) {
	n, d := m.natures[id], m.on(onLogins, int(id), 0)
	for _, join := range []struct {
		source Source
		at     Moment
	}{{Forum, n.onForum}, {Lab, n.onLab}, {GitHub, n.onGitHub}} {
		address := m.reachedAt(id, join.at, n.privately)
		if join.at >= m.End || address == None && join.source != GitHub {
			continue
		}
		if join.source == GitHub {
			join.at -= join.at % 1000 // GitHub's times have whole seconds
			if !d.chance(0.3) {
				address = None
			}
		}
		login := m.signUp(join.source, id, join.at, address)
		if m.People[id].Kind == Staff {
			m.hold(login, RoleStaff, join.at)
		} else if join.source != GitHub {
			m.settle(d, login, address, join.at)
		}
	}
}

// settle is what becomes of a member's login at a forum: they are brought by
// another, sign in by single sign-on, add an address, change it with their
// job, or leave.
func (m *maker) settle(d *dice, login LoginID, address AddressID, at Moment) {
	id := m.Logins[login].Person
	n := &m.natures[id]
	if d.chance(0.4) {
		m.Logins[login].subject = m.subjectOf(id)
	}
	work, next, moved := m.reachedAt(id, at, false), AddressID(None), at
	if j := m.jobAt(id, at); j != nil && j.Until < m.End && j.Address == address && d.chance(0.65) {
		moved = j.Until + days(d.between(2, 40))
		next = m.reachedAt(id, moved, false)
	}
	if other := n.private; other != None && other != address && other != next && d.chance(0.25) {
		m.addAddress(login, other, at+days(d.between(1, 90)), Never)
	} else if work != None && work != address && d.chance(0.25) {
		m.addAddress(login, work, at+days(d.between(1, 60)), Never)
	}
	switch {
	case n.leaves < m.End && m.Logins[login].Source == Forum && n.leaves > at:
		m.drop(login, n.leaves)
	case next != None && next != address:
		m.changeAddress(login, next, moved)
	}
}

// subjectOf is a person's id at Tidewater's sign-in, the same for ever.
func (m *maker) subjectOf(id PersonID) uint32 {
	return (uint32(id) + 1) * 2654435761 // odd: no two people share one
}

// listContacts makes a person's contacts in the CRM, one per job at a company
// that it lists.
func (m *maker) listContacts(id PersonID) {
	if m.isPlantedContact(id) {
		return // made by linkPlanted
	}
	d := m.on(onRecords, int(id), 0)
	contact := LoginID(None)
	for _, i := range m.jobsOf[id] {
		j := m.Jobs[i]
		listed := m.accounts[j.Company].listed
		at := max(j.From, listed) + days(d.between(0.2, 12))
		if listed == Never || at >= min(j.Until, m.End) || !d.chance(0.85) {
			continue
		}
		org := m.org(m.portal(j.Company), j.Company, listed)
		if contact != None && m.Logins[contact].Source == m.Orgs[org].Source && d.chance(0.5) {
			m.changeAddress(contact, j.Address, at) // somebody noticed the change of jobs
		} else {
			contact = m.signUp(m.Orgs[org].Source, id, at, j.Address)
		}
		m.link(contact, org, at, true)
		m.keepContact(d, contact, org, j)
	}
	if len(m.jobsOf[id]) == 0 && m.natures[id].private != None && d.chance(0.3) {
		m.signUp(CRMWest, id, someday(d, m.Start, m.End), m.natures[id].private) // a lead
	}
}

// keepContact is what happens to a contact: a second address, a duplicate that
// is found and merged or is not, and an end some time after the job's.
func (m *maker) keepContact(d *dice, contact LoginID, org OrgID, j Job) {
	made := m.Logins[contact].Made
	own := m.natures[j.Person].private
	if own != None && d.chance(0.15) && !m.natures[j.Person].quiet {
		m.addAddress(contact, own, made+days(d.between(1, 200)), Never)
	}
	if noticed := j.Until + days(d.between(3, 40)); j.Until < m.End {
		m.unlink(contact, org, noticed)
		if len(m.jobsOf[j.Person]) == 1 && d.chance(0.4) && !m.natures[j.Person].quiet {
			m.drop(contact, noticed)
		}
	}
	if d.chance(0.05) {
		m.duplicate(d, contact, org, j)
	}
}

// duplicate is a second contact of one person at the same company, under the
// same or the private address; two in three are found and merged.
func (m *maker) duplicate(d *dice, contact LoginID, org OrgID, j Job) {
	at := m.Logins[contact].Made + days(d.between(5, 120))
	if at >= min(j.Until, m.End) {
		return
	}
	address := j.Address
	if own := m.natures[j.Person].private; own != None && d.chance(0.5) {
		address = own
	}
	second := m.signUp(m.Logins[contact].Source, j.Person, at, address)
	m.link(second, org, at, true)
	if d.chance(0.66) {
		m.mergeContacts(second, contact, at+days(d.between(10, 100)))
	}
}

// mergeContacts lets one contact be merged into another.
func (m *maker) mergeContacts(loser, survivor LoginID, at Moment) {
	if at >= min(m.Logins[loser].Gone, m.Logins[survivor].Gone) {
		return
	}
	if m.happen(Event{At: at, Kind: LoginsMerged, Login: loser, Object: int32(survivor), Other: None}) {
		m.Logins[loser].Gone = at
	}
}
