package world

// openCommunities makes the two forums and the organisation's repositories,
// and the notice that Tidewater opens each with.
func (m *maker) openCommunities() {
	at := m.Start + hours(12)
	m.Communities = []Community{
		{Source: Forum, Name: "Tidewater Forum", Opened: at, Categories: []Category{
			{ID: 5, Name: "Help", Slug: "help", Solvable: true},
			{ID: 6, Name: "Integrations", Slug: "integrations", Solvable: true},
			{ID: 7, Name: "Ideas", Slug: "ideas"},
			{ID: 8, Name: "Announcements", Slug: "announcements", StaffOnly: true},
		}},
		{Source: Lab, Name: "Tidewater Lab", Opened: at, Categories: []Category{
			{ID: 5, Name: "API help", Slug: "api-help", Solvable: true},
			{ID: 6, Name: "Show and tell", Slug: "show-and-tell"},
			{ID: 7, Name: "Announcements", Slug: "announcements", StaffOnly: true},
		}},
		{Source: GitHub, ID: 700_101, Name: "tidewater/planner", Opened: at - at%1000, Categories: repositoryCategories(1)},
		{Source: GitHub, ID: 700_102, Name: "tidewater/sdk-go", Opened: at - at%1000, Categories: repositoryCategories(2)},
	}
	m.pools[Forum].communities = []CommunityID{0}
	m.pools[Lab].communities = []CommunityID{1}
	m.pools[GitHub].communities = []CommunityID{2, 3}
}

func repositoryCategories(repository int64) []Category {
	return []Category{
		{ID: 10*repository + 1, Name: "Q&A", Slug: "q-a", Solvable: true},
		{ID: 10*repository + 2, Name: "Ideas", Slug: "ideas"},
		{ID: 10*repository + 3, Name: "Announcements", Slug: "announcements", StaffOnly: true},
		{Name: "Issues", Issues: true},
	}
}

// A pool are the logins of one source that take part, in the order they came,
// with running sums of how readily each answers.
type pool struct {
	communities []CommunityID
	members     []LoginID
	made        []Moment
	sums        []float64
	staff       []LoginID
}

// fillPools gathers who takes part at the forums and at GitHub.
func (m *maker) fillPools() {
	for i := range m.Logins {
		l := &m.Logins[i]
		if l.Source > GitHub {
			continue
		}
		p := &m.pools[l.Source]
		switch m.People[l.Person].Kind {
		case Staff:
			p.staff = append(p.staff, LoginID(i))
		case Human, Test:
			p.members = append(p.members, LoginID(i))
		}
	}
	for s := range m.pools {
		p := &m.pools[s]
		sortBy(p.members, func(l LoginID) Moment { return m.Logins[l].Made })
		sum := 0.0
		for _, l := range p.members {
			sum += float64(m.natures[m.Logins[l].Person].answers)
			p.made, p.sums = append(p.made, m.Logins[l].Made), append(p.sums, sum)
		}
	}
}

// answerer draws a member, the more readily they answer the likelier, who is
// there at a moment and is not the one asked about; None where nobody is.
func (m *maker) answerer(d *dice, s Source, at Moment, not LoginID) LoginID {
	p := &m.pools[s]
	present := countBefore(p.made, at)
	if present == 0 || p.sums[present-1] == 0 {
		return None
	}
	for range 6 {
		login := p.members[searchSum(p.sums[:present], d.share()*p.sums[present-1])]
		if login != not && m.present(d, login, at) {
			return login
		}
	}
	return None
}

// reader draws any member who is there at a moment; None where nobody is.
func (m *maker) reader(d *dice, s Source, at Moment, not LoginID) LoginID {
	p := &m.pools[s]
	present := countBefore(p.made, at)
	for range min(6, present) {
		if login := p.members[d.below(present)]; login != not && m.present(d, login, at) {
			return login
		}
	}
	return None
}

// present says whether a login is at it at a moment: made, not gone, and not
// among those who lost interest, as most do in time, faster when their company
// is no customer any more.
func (m *maker) present(d *dice, login LoginID, at Moment) bool {
	l := &m.Logins[login]
	return l.Made < at && at < min(l.Gone, l.Suspended) && d.chance(m.interest(l, at))
}

// interest is the share of their first zeal that a login's owner still has.
func (m *maker) interest(l *Login, at Moment) float64 {
	months := float64(at-l.Made) / float64(days(30))
	interest := 0.3 + 0.7/(1+months/4)
	if j := m.jobAt(l.Person, at); j != nil && m.accounts[j.Company].contract != None && m.accounts[j.Company].until <= at {
		interest *= 0.3
	}
	return interest
}
