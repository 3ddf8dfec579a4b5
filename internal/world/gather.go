package world

// A gatheringPlan is a kind of event that comes round every so often.
type gatheringPlan struct {
	kind, series string
	every        int // months
	day          int // of the month
	minutes      float64
	invited      float64 // share of the forum's members who register
}

// gatheringPlans stand in order of day, so that a login is made for the first.
func gatheringPlans() []gatheringPlan {
	return []gatheringPlan{
		{"webinar", "Product hour", 1, 9, 60, 0.06},
		{"meetup", "Tidewater meetup", 3, 12, 150, 0.05},
		{"office_hours", "Ask us", 1, 16, 45, 0.025},
		{"training", "Planner basics", 1, 20, 90, 0.03},
		{"research", "Feedback round", 2, 23, 50, 0.012},
	}
}

// gather holds a month's events.
func (m *maker) gather(month int) {
	first, _ := m.monthBounds(month)
	for n, plan := range gatheringPlans() {
		if month%plan.every == plan.every-1 {
			m.convene(plan, month, first, n)
		}
	}
}

// convene plans one event, with who registers, comes, and rates it.
func (m *maker) convene(plan gatheringPlan, month, first, n int) {
	d := m.on(onGatherings, month, n)
	day := first + plan.day
	for m.weight[day] < 0.5 && m.days[day] < m.End { // no weekend
		day++
	}
	g := Gathering{
		ID: int64(len(m.Gatherings)) + 1, Community: 0, Kind: plan.kind, Series: plan.series,
		Starts: m.days[day] + hours(16), CalledOff: Never, Capacity: int32(max(20, 400*m.Scale)), HasAttendance: true, RatedBy: None,
	}
	g.Ends, g.Planned = g.Starts+hours(plan.minutes/60), max(m.Start+hours(13), g.Starts-days(21))
	id := GatheringID(len(m.Gatherings))
	say := func(kind Kind, login LoginID, at, seen Moment, amount int32, detail uint8) bool {
		return m.happen(Event{At: at, Seen: seen, Kind: kind, Login: login, Object: int32(id), Other: None, Amount: amount, Detail: detail})
	}
	if g.Starts >= m.End || !say(GatheringPlanned, None, g.Planned, 0, 0, 0) {
		return
	}
	if d.chance(0.05) {
		g.CalledOff = g.Starts - days(2)
		say(GatheringCalledOff, None, g.CalledOff, 0, 0, 0)
	}
	m.Gatherings = append(m.Gatherings, g)
	clear(m.attending)
	host := m.attendee(m.Logins[m.pools[Forum].staff[0]].Person, g.Planned)
	say(Attended, host, g.Starts, g.Ends+hours(10), int32(plan.minutes), 1)
	for range d.poisson(plan.invited * float64(countBefore(m.pools[Forum].made, g.Starts))) {
		m.invite(d, plan, g, say)
	}
	m.rateGathering(id, d)
}

// invite lets one member register, or come without, and perhaps attend.
func (m *maker) invite(d *dice, plan gatheringPlan, g Gathering, say func(Kind, LoginID, Moment, Moment, int32, uint8) bool) {
	at := g.Starts - hours(d.between(2, float64(g.Starts-g.Planned)/float64(hours(1))))
	walkIn, comes, cancels := d.chance(0.06), d.chance(0.66), d.chance(0.06)
	minutes, late := d.between(3, plan.minutes), d.between(0, 12)
	if walkIn {
		at = g.Starts - hours(0.1)
	}
	member := m.reader(d, Forum, at, None)
	if member == None || g.CalledOff <= at || m.natures[m.Logins[member].Person].quiet {
		return
	}
	login := m.attendee(m.Logins[member].Person, at)
	if login == None || m.attending[login] {
		return
	}
	m.attending[login] = true
	at = max(at, m.Logins[login].Made+1)
	if !walkIn {
		say(Registered, login, at, 0, 0, 0)
		if cancels {
			say(Unregistered, login, someday(d, at, g.Starts-hours(1)), 0, 0, 0)
			return
		}
	}
	if g.CalledOff == Never && (comes || walkIn) {
		// Attendance is exported the morning after.
		if joined := g.Starts + hours(late/60); say(Attended, login, joined, g.Ends+hours(10), int32(minutes), 0) {
			m.came = append(m.came, login)
			m.takePart(member, joined)
		}
	}
}

// attendee is a person's login at the events tool, where they typed the
// address they like.
func (m *maker) attendee(id PersonID, at Moment) LoginID {
	if login := m.logins[id][Meetups]; login != None {
		return login
	}
	address := m.reachedAt(id, at, m.natures[id].privately)
	if address == None {
		return None
	}
	return m.signUp(Meetups, id, at-hours(0.01), address)
}
