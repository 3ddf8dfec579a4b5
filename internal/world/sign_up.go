package world

// signUp makes a login at a source that shows an address (None: shows none).
func (m *maker) signUp(s Source, id PersonID, at Moment, address AddressID) LoginID {
	login := LoginID(len(m.Logins))
	m.Logins = append(m.Logins, Login{Source: s, Person: id, Second: None, Made: at, Gone: Never, Suspended: Never})
	m.primary = append(m.primary, None)
	if m.logins[id][s] == None {
		m.logins[id][s] = login
	}
	m.happen(Event{At: at, Kind: LoginMade, Login: login, Object: int32(id), Other: None})
	if address != None {
		m.showPrimary(Holding{Login: login, Address: address, From: at, Until: Never, IsPrimary: true, spelling: m.spell(s, login)})
	}
	if m.People[id].Kind == Human && asksConsent(s) {
		m.askConsent(login, at)
	}
	return login
}

// spell is how an address comes to be written at a source: mostly plain, at
// those where people type it themselves in any way they like.
func (m *maker) spell(s Source, login LoginID) uint8 {
	d := m.on(onAddresses, int(login), 1)
	careless := 0.12
	if s == Meetups || s == Forum || s == Lab {
		careless = 0.3
	}
	if !d.chance(careless) {
		return spelledPlain
	}
	return uint8(d.below(int(spellingCount)))
}

// asksConsent says whether the source asks about identity matching.
func asksConsent(s Source) bool {
	return s <= CRMEast || s == Product
}

// askConsent enters what a login's owner said, if anything: on the day they
// signed up, and for some a withdrawal later. Who says different things in
// different places has said no.
func (m *maker) askConsent(login LoginID, at Moment) {
	l := &m.Logins[login]
	d := m.on(onConsent, int(login), 0)
	answer := Granted
	switch agrees := m.natures[l.Person].agrees; {
	case agrees == saysNothing:
		return
	case agrees == saysNo, agrees == saysBoth && l.Source%2 == 0:
		answer = Refused
	}
	said := at + hours(d.between(0.01, 6))
	m.happen(Event{At: said, Kind: ConsentSaid, Login: login, Object: None, Other: None, Detail: uint8(answer)})
	if answer == Granted && d.chance(0.02) {
		m.happen(Event{At: someday(d, said+days(20), m.End), Kind: ConsentSaid, Login: login, Object: None, Other: None, Detail: uint8(Withdrawn)})
	}
}

// addAddress shows a further address at a login.
func (m *maker) addAddress(login LoginID, address AddressID, at, until Moment) {
	if m.happen(Event{At: at, Kind: AddressAdded, Login: login, Object: int32(address), Other: None}) {
		m.Holdings = append(m.Holdings, Holding{Login: login, Address: address, From: at, Until: until})
	}
}

// changeAddress replaces a login's primary address.
func (m *maker) changeAddress(login LoginID, address AddressID, at Moment) {
	if !m.happen(Event{At: at, Kind: AddressChanged, Login: login, Object: int32(address), Other: None}) {
		return
	}
	if before := m.primary[login]; before != None {
		m.Holdings[before].Until = at
	}
	m.showPrimary(Holding{Login: login, Address: address, From: at, Until: Never, IsPrimary: true})
}

func (m *maker) showPrimary(h Holding) {
	m.primary[h.Login] = int32(len(m.Holdings))
	m.Holdings = append(m.Holdings, h)
}

// drop ends a login; what it did before stays.
func (m *maker) drop(login LoginID, at Moment) {
	if l := &m.Logins[login]; l.Gone == Never && m.happen(Event{At: at, Kind: LoginGone, Login: login, Object: None, Other: None}) {
		l.Gone = at
	}
}

// hold gives a login a role from a moment on.
func (m *maker) hold(login LoginID, role RoleName, from Moment) {
	m.Roles = append(m.Roles, Role{Login: login, Name: role, From: from, Until: Never})
	m.happen(Event{At: from, Kind: RoleGiven, Login: login, Object: None, Other: None, Detail: uint8(role)})
}

// link makes a source say that a login belongs to an org.
func (m *maker) link(login LoginID, org OrgID, from Moment, primary bool) {
	detail := uint8(0)
	if primary {
		detail = 1
	}
	if m.happen(Event{At: from, Kind: Linked, Login: login, Object: int32(org), Other: None, Detail: detail}) {
		m.open[membership{login, org}] = int32(len(m.Links))
		m.Links = append(m.Links, Link{Login: login, Org: org, From: from, Until: Never, IsPrimary: primary})
	}
}

// unlink makes it say so no longer.
func (m *maker) unlink(login LoginID, org OrgID, at Moment) {
	i, linked := m.open[membership{login, org}]
	if linked && m.happen(Event{At: at, Kind: Unlinked, Login: login, Object: int32(org), Other: None}) {
		m.Links[i].Until = at
		delete(m.open, membership{login, org})
	}
}

// A membership is what a Link states.
type membership struct {
	login LoginID
	org   OrgID
}

// org is what a source calls a company, made the first time it is needed.
func (m *maker) org(s Source, company CompanyID, at Moment) OrgID {
	if org := m.orgsOf[company][s]; org != None {
		m.Orgs[org].Made = min(m.Orgs[org].Made, at)
		return org
	}
	d := m.on(onCompanies, int(company), 1+int(s))
	org := OrgID(len(m.Orgs))
	o := Org{Source: s, Company: company, Made: at, Gone: Never, Domain: s != Billing && d.chance(0.97), Refers: None}
	if s == Billing && d.chance(0.93) {
		o.Refers = m.orgsOf[company][m.portal(company)]
	}
	m.Orgs = append(m.Orgs, o)
	m.orgsOf[company][s] = org
	return org
}

// portal is the CRM portal that looks after a company.
func (m *maker) portal(company CompanyID) Source {
	if c := m.Companies[company].Country; c == Japan || c == Kuwait || c == India {
		return CRMEast
	}
	return CRMWest
}
