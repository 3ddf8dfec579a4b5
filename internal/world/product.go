package world

// use is a month in the product and at the helpdesk.
func (m *maker) use(month int) {
	from, until := m.monthStart(month), m.monthStart(month+1)
	for i := range m.accounts {
		served, stopped := m.accounts[i].inService(from, until)
		if served >= stopped {
			continue
		}
		for _, at := range m.employed[i] {
			j := &m.Jobs[at]
			if m.People[j.Person].Kind == Human && j.From < stopped && j.Until > served {
				m.useIn(month, int(at), max(served, j.From), min(stopped, j.Until))
			}
		}
	}
}

// useIn is one person's use in [from, until).
func (m *maker) useIn(month, job int, from, until Moment) {
	j := m.Jobs[job]
	user := m.user(job, until)
	if user == None {
		return
	}
	d := m.on(onProduct, job, month)
	from = max(from, m.Logins[user].Made)
	workspace := m.orgsOf[j.Company][Product]
	first, after := m.monthBounds(month)
	for range d.poisson(m.season(month) * float64(m.natures[j.Person].uses)) {
		at := m.within(d, m.busyDay(d, first, after), m.People[j.Person].Country)
		event, late := d.weighted(m.eventWeights...), d.share()
		if at < from || at >= until {
			continue
		}
		seen := at
		if late < 0.04 { // a phone that was offline
			seen = at + days(0.5+8*late/0.04)
		}
		m.happen(Event{At: at, Seen: seen, Kind: Used, Login: user, Object: int32(workspace), Other: None, Detail: uint8(event)})
	}
	if d.chance(0.04) && !m.natures[j.Person].quiet {
		if at := m.within(d, m.busyDay(d, first, after), m.People[j.Person].Country); at >= from && at < until {
			m.openTicket(j.Person, j.Company, at)
		}
	}
}

// user is the product login of a job, made some days after the job and the
// contract began; None before, and for those who never get one.
func (m *maker) user(job int, by Moment) LoginID {
	if m.users[job] != 0 {
		return m.users[job] - 1
	}
	j := m.Jobs[job]
	d := m.on(onProduct, job, -1)
	due := max(j.From, m.accounts[j.Company].from) + days(d.between(0.1, 9))
	if !d.chance(0.8) && j.Person < m.firstPlanted || due >= min(by, j.Until, m.End) {
		return None
	}
	workspace := m.orgsOf[j.Company][Product]
	login := m.logins[j.Person][Product]
	if j.Person != m.Planted.Consultant || login == None {
		address := j.Address
		if j.Person == m.Planted.Consultant {
			address = m.natures[j.Person].private
		}
		first := login == None
		login = m.signUp(Product, j.Person, due, address)
		if first || d.chance(0.5) {
			m.Logins[login].subject = m.subjectOf(j.Person)
		}
	}
	m.users[job] = login + 1
	m.link(login, workspace, due, m.logins[j.Person][Product] == login)
	if j.Until < m.End {
		m.drop(login, j.Until+hours(d.between(1, 200)))
	}
	return login
}

// openTicket is a request to the helpdesk and what comes of it.
func (m *maker) openTicket(id PersonID, company CompanyID, at Moment) {
	requester := m.logins[id][Helpdesk]
	org := m.org(Helpdesk, company, at)
	if requester == None {
		requester = m.signUp(Helpdesk, id, at, m.reachedAt(id, at, m.natures[id].privately))
	}
	if _, linked := m.open[membership{requester, org}]; !linked {
		m.link(requester, org, at, true)
	}
	d := m.on(onTickets, len(m.Tickets), 0)
	t := Ticket{
		ID: int64(len(m.Tickets)) + 1001, Requester: requester, Org: org, Topic: uint8(d.below(len(Topics()))),
		Opened: at, Answered: at + hours(d.lognormal(5, 1)), Solved: Never,
	}
	if d.chance(0.94) {
		t.Solved = t.Answered + hours(d.lognormal(22, 1))
	}
	ticket := int32(len(m.Tickets))
	say := func(kind Kind, login LoginID, at Moment) bool {
		return at != Never && m.happen(Event{At: at, Kind: kind, Login: login, Object: ticket, Other: None})
	}
	if !say(TicketOpened, requester, at) {
		return
	}
	if !say(TicketAnswered, m.agent(d), t.Answered) {
		t.Answered = Never
	}
	if !say(TicketSolved, m.agent(d), t.Solved) {
		t.Solved = Never
	}
	if t.Solved != Never && d.chance(0.05) && say(TicketReopened, requester, t.Solved+hours(d.between(1, 60))) {
		t.Solved = Never
	}
	m.Tickets = append(m.Tickets, t)
	if t.Solved != Never {
		m.rateTicket(TicketID(ticket))
	}
}

// agent is one of Tidewater's who answer tickets.
func (m *maker) agent(d *dice) LoginID { return pick(d, m.agents) }
