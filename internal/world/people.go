package world

import "slices"

// A nature is what a person tends to do.
type nature struct {
	visits, asks, answers, uses float32 // a month, before season and age
	onForum, onLab, onGitHub    Moment  // when they join; Never
	leaves                      Moment  // when they delete their forum login; Never
	agrees                      uint8   // to identity matching
	private                     AddressID
	privately                   bool // prefers the private address
	quiet                       bool // asks the helpdesk nothing, answers no survey, comes to no event
}

// What people say to identity matching.
const (
	saysYes uint8 = iota
	saysNo
	saysNothing
	saysBoth // yes here, no there: the no counts
)

// personLogins are a person's logins while the world is made; None where there
// is none yet.
type personLogins [sourceCount]LoginID

// populate makes everybody but the planted people.
func (m *maker) populate() {
	total := m.people() - plantedPeople
	staff := max(6, total/80)
	for i := range staff {
		m.colleague(i, staff)
	}
	for i := range botNames() {
		id := m.addPerson(Person{Kind: Bot, given: uint16(i)}, nature{})
		switch i {
		case 0:
			m.system = id
		case 2:
			m.ci = id
		}
	}
	for i := range 3 {
		m.addPerson(Person{Kind: Test, given: uint16(i)}, nature{visits: 2, asks: 0.15})
	}
	m.mailboxes()
	public := total / 12
	weights := m.companyWeights()
	for len(m.People) < total {
		d := m.on(onJobs, len(m.People), 0)
		at, _ := slices.BinarySearch(weights, d.share()*weights[len(weights)-1])
		company := CompanyID(at + 1)
		if len(m.People) >= total-public {
			m.enliven(m.somebody(company), m.Start, 0) // of the public: works for nobody we hear of
			continue
		}
		m.career(m.somebody(company), company)
	}
}

// companyWeights are running sums over companies from the second on: larger
// ones send more people.
func (m *maker) companyWeights() []float64 {
	sums, sum := make([]float64, 0, len(m.Companies)), 0.0
	for i := 1; i < len(m.Companies); i++ {
		sum += 0.4 + 4*m.Companies[i].sizeShare()
		sums = append(sums, sum)
	}
	return sums
}

func (m *maker) addPerson(p Person, n nature) PersonID {
	id := PersonID(len(m.People))
	n.private = None
	for _, at := range []*Moment{&n.onForum, &n.onLab, &n.onGitHub, &n.leaves} {
		if *at == 0 {
			*at = Never
		}
	}
	m.People = append(m.People, p)
	m.natures = append(m.natures, n)
	m.jobsOf = append(m.jobsOf, nil)
	m.logins = append(m.logins, personLogins{None, None, None, None, None, None, None, None, None, None})
	return id
}

// colleague is one of Tidewater's own; the first third runs the communities,
// the second answers tickets.
func (m *maker) colleague(i, staff int) {
	d := m.on(onPeople, len(m.People), 1)
	n := nature{visits: 6, answers: 6, uses: 2}
	if i < (staff+2)/3 {
		n.onForum, n.onLab, n.onGitHub = m.Start+hours(9), m.Start+hours(10), m.Start+hours(11)
	}
	id := m.addPerson(Person{Kind: Staff, Country: Germany, given: uint16(d.below(givenNames)), family: uint16(d.below(familyNames))}, n)
	m.hire(id, Tidewater, m.Start, Never)
}

// somebody is a person as they come, mostly from where the company is.
func (m *maker) somebody(company CompanyID) PersonID {
	d := m.on(onPeople, len(m.People), 0)
	p := Person{Country: Country(d.weighted(30, 12, 18, 10, 8, 7, 10, 5)), given: uint16(d.below(givenNames)), family: uint16(d.below(familyNames))}
	if d.chance(0.75) {
		p.Country = m.Companies[company].Country
	}
	n := nature{agrees: uint8(d.weighted(78, 7, 13, 2)), privately: d.chance(0.25)}
	id := m.addPerson(p, n)
	if d.chance(0.45) || n.privately {
		m.natures[id].private = m.address(id, None, formPrivate+uint8(d.weighted(45, 20, 12, 6, 10, 7)), m.Start)
	}
	return id
}

// enliven draws what a person does, from how large their company is: the
// larger, the likelier they take part.
func (m *maker) enliven(id PersonID, from Moment, size float64) {
	d := m.on(onPeople, int(id), 2)
	n := &m.natures[id]
	n.uses = float32(d.lognormal(0.75, 0.8))
	join := func() Moment { return someday(d, from+hours(1), m.End) }
	if d.chance(0.12 + 0.62*size) {
		n.onForum = join()
	}
	if d.chance(0.12) {
		n.onLab = join()
	}
	if d.chance(0.16) {
		n.onGitHub = join()
	}
	n.visits = float32(d.lognormal(1, 0.9))
	if d.chance(0.5) {
		n.asks = float32(d.lognormal(0.17, 0.7))
		n.answers = float32(d.lognormal(0.3, 1.2))
	} else if d.chance(0.03) {
		n.leaves = someday(d, n.onForum+days(10), m.End)
	}
}
