package world

// hire gives a person a job with an address of the company.
func (m *maker) hire(id PersonID, company CompanyID, from, until Moment) int {
	form := uint8(m.on(onAddresses, int(company), 0).below(4))
	return m.hireAs(id, company, from, until, form)
}

// hireAs is hire with a form of address other than the company's usual one.
func (m *maker) hireAs(id PersonID, company CompanyID, from, until Moment, form uint8) int {
	address := m.address(id, company, form, from)
	m.Addresses[address].Until = until
	return m.employ(Job{Person: id, Company: company, From: from, Until: until, Address: address})
}

func (m *maker) employ(j Job) int {
	at := len(m.Jobs)
	m.Jobs = append(m.Jobs, j)
	m.employed[j.Company] = append(m.employed[j.Company], int32(at))
	m.jobsOf[j.Person] = append(m.jobsOf[j.Person], int32(at))
	m.happen(Event{At: j.From, Kind: JobTaken, Login: None, Object: int32(j.Person), Other: int32(j.Company)})
	if j.Until != Never {
		m.happen(Event{At: j.Until, Kind: JobLeft, Login: None, Object: int32(j.Person), Other: int32(j.Company)})
	}
	return at
}

// career gives a person their jobs: one, and for some a second one elsewhere
// after it.
func (m *maker) career(id PersonID, company CompanyID) {
	d := m.on(onJobs, int(id), 1)
	from := m.Start
	if d.chance(0.3) {
		from = someday(d, m.Start, m.End-days(40))
	}
	until := Never
	if d.chance(0.14) && from < m.End-days(160) {
		until = someday(d, from+days(60), m.End-days(60))
	}
	m.hire(id, company, from, until)
	m.enliven(id, from, m.Companies[company].sizeShare())
	if until == Never || d.chance(0.25) {
		return
	}
	next := CompanyID(1 + d.below(len(m.Companies)-1))
	if next == company {
		return
	}
	m.hire(id, next, until+days(d.between(0, 40)), Never)
}

// A localPart is one address's name at one company, or one provider.
type localPart struct {
	company CompanyID
	form    uint8 // of a private address
	local   string
}

// address gives a person an address that nobody else has.
func (m *maker) address(id PersonID, company CompanyID, form uint8, from Moment) AddressID {
	a := Address{Person: id, Company: company, From: from, Until: Never, form: form}
	key := localPart{company: company, local: m.localPart(&a)}
	if company == None {
		key.form = form
	}
	a.number = m.local[key]
	m.local[key]++
	m.Addresses = append(m.Addresses, a)
	return AddressID(len(m.Addresses) - 1)
}

// mailboxes gives every tenth company addresses that nobody owns.
func (m *maker) mailboxes() {
	for i := int(plantedCompanies); i < len(m.Companies); i += 10 {
		m.mailbox(CompanyID(i), 0)
	}
}

// mailbox makes one of mailboxLocals at a company.
func (m *maker) mailbox(company CompanyID, which uint16) PersonID {
	id := m.addPerson(Person{Kind: Mailbox, Country: m.Companies[company].Country, given: which}, nature{agrees: saysNothing})
	m.employ(Job{Person: id, Company: company, From: m.Start, Until: Never, Address: m.address(id, company, formMailbox, m.Start)})
	return id
}

// jobAt is a person's job at a moment, the latest begun where there are
// several; nil where there is none.
func (m *maker) jobAt(id PersonID, at Moment) *Job {
	var now *Job
	for _, i := range m.jobsOf[id] {
		if j := &m.Jobs[i]; j.From <= at && at < j.Until && (now == nil || j.From > now.From) {
			now = j
		}
	}
	return now
}

// reachedAt is the address a person uses at a moment: at work, or their own if
// they prefer it or have no other; None where they have none.
func (m *maker) reachedAt(id PersonID, at Moment, privately bool) AddressID {
	own := m.natures[id].private
	j := m.jobAt(id, at)
	if j == nil || j.Address == None || privately && own != None {
		return own
	}
	return j.Address
}
