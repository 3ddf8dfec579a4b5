package world

// plantedPeople is how many people plant makes.
const plantedPeople = 17

// plant makes the people of the planted cases.
func (m *maker) plant() {
	m.firstPlanted = PersonID(len(m.People))
	m.plantNamesakes()
	m.plantRecycled()
	m.plantMailboxes()
	p := &m.Planted
	p.Consultant = m.character(9, 3)
	m.natures[p.Consultant].private = m.address(p.Consultant, None, formPrivate, m.Start)
	for i, client := range []CompanyID{companyOfConsultant, companyBought, companyOfNamesakes} {
		m.hire(p.Consultant, client, m.Start+days(20+40*float64(i)), Never)
	}
	p.Mover = m.character(10, 4)
	m.natures[p.Mover].onForum = m.Start + days(30)
	left := m.monthStart(11) + days(6)
	m.hire(p.Mover, companyOfMover, m.Start, left)
	m.hire(p.Mover, companyNew, left+days(14), Never)
}

// character is a person of a planted case: willing to be matched, never of
// the private kind.
func (m *maker) character(given, family uint16) PersonID {
	return m.addPerson(Person{Country: Germany, given: given, family: family}, nature{visits: 3, asks: 0.2, answers: 0.6, uses: 2})
}

func (m *maker) plantNamesakes() {
	p := &m.Planted
	for i := range p.Namesakes {
		p.Namesakes[i] = m.character(5, 5)
		m.natures[p.Namesakes[i]].onForum = m.Start + days(15+10*float64(i))
		m.hireAs(p.Namesakes[i], companyOfNamesakes, m.Start, Never, formDotted)
	}
	for i, company := range []CompanyID{companyOfConsultant, companyOfMover} {
		p.NamesakesFar[i] = m.character(6, 6)
		m.natures[p.NamesakesFar[i]].onForum = m.Start + days(18+10*float64(i))
		m.hireAs(p.NamesakesFar[i], company, m.Start, Never, formDotted)
	}
	for i := range p.claimants {
		p.claimants[i] = m.character(7, 7+uint16(i))
		m.hireAs(p.claimants[i], companyOfNamesakes, m.Start, Never, formDotted)
	}
}

// plantRecycled: one leaves in the seventh month, her address goes to another
// of the same given name four months later.
func (m *maker) plantRecycled() {
	left := m.monthStart(6) + days(10)
	for i, span := range [2][2]Moment{{m.Start, left}, {left + days(125), Never}} {
		id := m.character(8, 9+uint16(i))
		m.natures[id].private = m.address(id, None, formPrivate, m.Start)
		m.natures[id].onForum = span[0] + days(12)
		m.Addresses = append(m.Addresses, Address{Person: id, Company: companyOfMailboxes, From: span[0], Until: span[1], form: formGiven})
		address := AddressID(len(m.Addresses) - 1)
		m.employ(Job{Person: id, Company: companyOfMailboxes, From: span[0], Until: span[1], Address: address})
		m.Planted.Recycled[i] = address
	}
	m.natures[m.Addresses[m.Planted.Recycled[0]].Person].quiet = true
}

// plantMailboxes: a support@ and a billing@, colleagues who all have the first
// on their contacts, and one whose contact is there three times. The colleagues
// take part where few do, so that the smallest world has answers there.
func (m *maker) plantMailboxes() {
	p := &m.Planted
	p.SupportShared = m.mailbox(companyOfMailboxes, 0)
	p.BillingShared = m.mailbox(companyOfMailboxes, 1)
	for i := range p.sharers {
		p.sharers[i] = m.character(11+uint16(i), 11)
		n := &m.natures[p.sharers[i]]
		n.asks, n.onLab, n.onGitHub = 0.5, m.Start+days(16+7*float64(i)), m.Start+days(20+9*float64(i))
		m.hireAs(p.sharers[i], companyOfMailboxes, m.Start, Never, formDotted)
	}
	p.chained = m.character(15, 12)
	m.natures[p.chained].private = m.address(p.chained, None, formPrivate+1, m.Start)
	m.hireAs(p.chained, companyOfMailboxes, m.Start, Never, formDotted)
}

// isPlantedContact says that linkPlanted makes the person's contacts.
func (m *maker) isPlantedContact(id PersonID) bool {
	return id == m.Planted.Consultant || id == m.Planted.chained
}

// linkPlanted makes the contacts of the planted cases.
func (m *maker) linkPlanted() {
	p := &m.Planted
	org := m.org(CRMWest, companyOfMailboxes, m.accounts[companyOfMailboxes].listed)
	support := m.jobAt(p.SupportShared, m.Start).Address
	for _, id := range p.sharers {
		contact := m.logins[id][CRMWest]
		if contact == None {
			contact = m.signUp(CRMWest, id, m.Start+days(9), m.jobAt(id, m.Start).Address)
			m.link(contact, org, m.Start+days(9), true)
		}
		m.addAddress(contact, support, m.Start+days(30), Never)
	}
	m.giveUpRecycled()
	m.linkChain(org)
	m.linkConsultant()
	m.claim()
}

// giveUpRecycled ends the first owner's use of the address: the forum and the
// CRM get her own instead. Nothing else shows it (quiet) but the product, which
// forgets the address of who leaves.
func (m *maker) giveUpRecycled() {
	first := m.Planted.Recycled[0]
	a := m.Addresses[first]
	if forum := m.logins[a.Person][Forum]; m.Holdings[m.primary[forum]].Address == first {
		m.changeAddress(forum, m.natures[a.Person].private, a.Until+days(10))
	}
	if contact := m.logins[a.Person][CRMWest]; contact != None && m.Logins[contact].Gone == Never {
		m.changeAddress(contact, m.natures[a.Person].private, a.Until+days(20))
	}
}

// linkChain makes three contacts of one person, merged one into the next.
func (m *maker) linkChain(org OrgID) {
	id := m.Planted.chained
	work, own := m.jobAt(id, m.Start).Address, m.natures[id].private
	for i, address := range []AddressID{own, work, work} {
		at := m.Start + days(10+20*float64(i))
		contact := m.signUp(CRMWest, id, at, address)
		m.link(contact, org, at, true)
		m.Planted.MergeChain = append(m.Planted.MergeChain, contact)
	}
	chain := m.Planted.MergeChain
	m.mergeContacts(chain[0], chain[1], m.monthStart(5))
	m.mergeContacts(chain[1], chain[2], m.monthStart(9))
}

// linkConsultant makes one contact that belongs to three clients.
func (m *maker) linkConsultant() {
	id := m.Planted.Consultant
	contact := m.signUp(CRMWest, id, m.Start+days(25), m.natures[id].private)
	for i, at := range m.jobsOf[id] {
		j := m.Jobs[at]
		org := m.org(CRMWest, j.Company, m.accounts[j.Company].listed)
		m.link(contact, org, j.From+days(5), i == 0)
		m.addAddress(contact, j.Address, j.From+days(5), Never)
	}
}

// claim makes a helpdesk login whose two addresses are two people's. In the
// product each has a login, with a sign-in of their own.
func (m *maker) claim() {
	p := &m.Planted
	at := m.Start + days(40)
	org := m.org(Helpdesk, companyOfNamesakes, at)
	p.Claimed = m.signUp(Helpdesk, p.claimants[0], at, m.jobAt(p.claimants[0], at).Address)
	m.logins[p.claimants[1]][Helpdesk] = p.Claimed
	m.Logins[p.Claimed].Second = p.claimants[1]
	m.addAddress(p.Claimed, m.jobAt(p.claimants[1], at).Address, at+days(3), Never)
	m.link(p.Claimed, org, at, true)
}
