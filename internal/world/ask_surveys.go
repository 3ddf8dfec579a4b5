package world

// survey sends a month's surveys to everybody: the loyalty question to product
// users each quarter, the one about the community to members twice a year.
func (m *maker) survey(month int) {
	if month == 0 {
		m.rateTicketsBy = m.newSurvey(Survey{Kind: "csat", Mode: "transactional", Sent: m.Start, Gathering: None, Community: None},
			Question{Kind: "csat", Min: 1, Max: 5, HigherIsBetter: true})
	}
	first, _ := m.monthBounds(month)
	at := m.days[first+8] + hours(9)
	if month%3 == 2 {
		id := m.newSurvey(Survey{Kind: "nps", Mode: "relationship", Sent: at, Gathering: None, Community: None},
			Question{Kind: "nps", Min: 0, Max: 10, HigherIsBetter: true})
		m.askUsers(id, at, month)
	}
	if month%6 == 4 {
		id := m.newSurvey(Survey{Kind: "community_sat", Mode: "relationship", Sent: at, Gathering: None, Community: 0},
			Question{Kind: "satisfaction", Min: 1, Max: 5, HigherIsBetter: true}, Question{Kind: "useful", Min: 1, Max: 7, HigherIsBetter: false})
		m.askMembers(id, at, month)
	}
}

func (m *maker) newSurvey(s Survey, questions ...Question) SurveyID {
	id := SurveyID(len(m.Surveys))
	s.ID = int64(id) + 1
	for _, q := range questions {
		q.ID, q.Survey = int64(len(m.Questions))+1, id
		s.Questions = append(s.Questions, QuestionID(len(m.Questions)))
		m.Questions = append(m.Questions, q)
	}
	m.Surveys = append(m.Surveys, s)
	return id
}

// askUsers sends a survey to a part of those who use the product.
func (m *maker) askUsers(id SurveyID, at Moment, month int) {
	for company := range m.accounts {
		if served, stopped := m.accounts[company].inService(at, at+1); served >= stopped {
			continue
		}
		for _, job := range m.employed[company] {
			j := m.Jobs[job]
			d := m.on(onSurveys, int(job), month)
			if m.users[job] != 0 && j.From < at && at < j.Until && d.chance(0.3) {
				pleased := 0.45 + 0.25*m.Companies[company].sizeShare()
				if a := &m.accounts[company]; a.contributed > at-days(90) {
					pleased += 0.1
				}
				m.send(d, id, j.Person, at, pleased, 0.34, None)
			}
		}
	}
}

// askMembers sends a survey to a part of the forum's members.
func (m *maker) askMembers(id SurveyID, at Moment, month int) {
	p := &m.pools[Forum]
	for _, login := range p.members[:countBefore(p.made, at)] {
		d := m.on(onSurveys, int(login), 1000+month)
		if l := &m.Logins[login]; at < min(l.Gone, l.Suspended) && d.chance(0.55) {
			m.send(d, id, l.Person, at, 0.5+0.2*m.interest(l, at), 0.38, None)
		}
	}
}

// rateTicket asks a requester about a solved ticket.
func (m *maker) rateTicket(ticket TicketID) {
	t := &m.Tickets[ticket]
	d := m.on(onSurveys, int(ticket), 2000)
	if d.chance(0.5) {
		pleased := 0.75
		if t.Answered-t.Opened > hours(10) {
			pleased = 0.5
		}
		m.send(d, m.rateTicketsBy, m.Logins[t.Requester].Person, t.Solved+hours(1), pleased, 0.4, ticket)
	}
}

// rateGathering asks those who came what they thought of it.
func (m *maker) rateGathering(id GatheringID, d *dice) {
	g := &m.Gatherings[id]
	if len(m.came) == 0 || g.Ends+hours(12) >= m.End {
		m.came = m.came[:0]
		return
	}
	g.RatedBy = m.newSurvey(Survey{Kind: "event", Mode: "transactional", Sent: g.Ends + hours(12), Gathering: id, Community: 0},
		Question{Kind: "rating", Min: 1, Max: 5, HigherIsBetter: true})
	for _, login := range m.came {
		m.send(d, g.RatedBy, m.Logins[login].Person, g.Ends+hours(12), 0.7, 0.45, None)
	}
	m.came = m.came[:0]
}

// send invites one person and, where they answer, enters the answer. Some
// answers are entered late, from paper or another tool.
func (m *maker) send(d *dice, id SurveyID, person PersonID, at Moment, pleased, answers float64, ticket TicketID) {
	if at >= m.End || m.natures[person].quiet {
		return
	}
	respondent := m.logins[person][Surveys]
	if respondent == None {
		address := m.reachedAt(person, at, false)
		if address == None {
			return
		}
		respondent = m.signUp(Surveys, person, at-hours(0.01), address)
	}
	if at < m.Logins[respondent].Made {
		return
	}
	bounced, answered := d.chance(0.02), d.chance(answers)
	after, late, complete := hours(d.lognormal(20, 1.3)), d.share(), !d.chance(0.04)
	e := Event{At: at, Kind: SurveySent, Login: respondent, Object: int32(id), Other: None}
	if bounced {
		e.Detail = 1
	}
	if !m.happen(e) || bounced || !answered {
		return
	}
	response := Response{ID: int64(len(m.Responses)) + 1, Survey: id, Login: respondent, At: at + after, Ticket: ticket, Complete: complete, Scores: [2]int8{-1, -1}}
	for i, question := range m.Surveys[id].Questions {
		if score := m.score(d, question, pleased); i == 0 || !d.chance(0.1) { // some stop after the first
			response.Scores[i] = score
		}
	}
	seen := response.At
	if late < 0.05 {
		seen += days(2 + 16*late/0.05)
	}
	if m.happen(Event{At: response.At, Seen: seen, Kind: Answered, Login: respondent, Object: int32(len(m.Responses)), Other: int32(id)}) {
		m.Responses = append(m.Responses, response)
	}
}

// score draws an answer on the question's scale, the more pleased the better.
func (m *maker) score(d *dice, id QuestionID, pleased float64) int8 {
	q := &m.Questions[id]
	share := (2*pleased + d.share() + d.share()) / 4 * 1.1
	if !q.HigherIsBetter {
		share = 1 - share
	}
	score := float64(q.Min) + share*float64(q.Max-q.Min) + 0.5
	return int8(max(float64(q.Min), min(float64(q.Max), score)))
}
