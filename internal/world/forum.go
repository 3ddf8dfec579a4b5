package world

// write is a month in the communities: what members set out to ask, what
// Tidewater announces, and all that follows, in order of time.
func (m *maker) write(month int) {
	first, after := m.monthBounds(month)
	for s := range GitHub + 1 {
		for _, login := range m.pools[s].members {
			m.ask(login, month, first, after)
		}
		m.announce(s, month, first)
	}
	for {
		i, ok := m.queue.due(m.monthStart(month + 1))
		if !ok {
			return
		}
		m.act(i)
	}
}

// ask plans the threads that one member opens in a month.
func (m *maker) ask(login LoginID, month, first, after int) {
	l := &m.Logins[login]
	n := &m.natures[l.Person]
	if n.asks == 0 || l.Made >= m.days[after] || l.Gone <= m.days[first] {
		return
	}
	d := m.on(onQuestions, int(login), month)
	rate := m.season(month) * float64(n.asks)
	if l.Made >= m.days[first] {
		rate = 3*rate + 0.15 // many come because they have a question
	}
	for range d.poisson(rate * m.interest(l, max(l.Made, m.days[first]))) {
		m.queue.add(intent{at: m.within(d, m.busyDay(d, first, after), m.People[l.Person].Country), kind: ThreadOpened, login: login, thread: None, post: None})
	}
}

// announce plans the news that Tidewater publishes in the first days of a month.
func (m *maker) announce(s Source, month, first int) {
	if p := &m.pools[s]; len(p.staff) > 0 {
		at := m.days[first+2] + hours(13+float64(s))
		m.queue.add(intent{at: at, kind: ThreadOpened, login: p.staff[month%len(p.staff)], thread: None, post: None, detail: 1})
	}
}

// act does what was planned, where the one who planned it is still there.
func (m *maker) act(i intent) {
	if i.at >= m.End {
		return
	}
	if i.login != None && (i.at <= m.Logins[i.login].Made || i.at >= min(m.Logins[i.login].Gone, m.Logins[i.login].Suspended)) {
		return
	}
	if i.post != None && i.at >= m.Posts[i.post].Removed || i.thread != None && i.at >= m.Posts[m.Threads[i.thread].Opening].Removed {
		return
	}
	switch i.kind {
	case ThreadOpened:
		m.openThread(i)
	case Replied:
		m.reply(i)
	case Reacted:
		m.react(i)
	case Accepted, Unaccepted:
		m.accept(i)
	default:
		m.followUp(i)
	}
}

// openThread opens a thread and plans who answers when.
func (m *maker) openThread(i intent) {
	s := m.Logins[i.login].Source
	d := m.on(onQuestions, len(m.Threads), -1)
	community := pick(d, m.pools[s].communities)
	t := Thread{Community: community, Category: m.category(d, community, i.detail == 1), Topic: uint8(d.weighted(9, 8, 7, 7, 6, 5, 5, 5, 4, 3, 3, 2)), Closed: Never}
	form := formLong
	if d.chance(0.28) {
		form = formShort
	}
	thread := ThreadID(len(m.Threads))
	t.Opening = PostID(len(m.Posts))
	m.Threads = append(m.Threads, t)
	m.last, m.accepted = append(m.last, t.Opening), append(m.accepted, None)
	post := m.post(Post{Thread: thread, Parent: None, Author: i.login, At: i.at, form: form}, ThreadOpened)
	m.expect(d, thread, m.Posts[post].Seen)
	m.echo(d, post)
}

// category draws where a thread is opened.
func (m *maker) category(d *dice, c CommunityID, news bool) uint8 {
	categories := m.Communities[c].Categories
	weights := make([]float64, len(categories))
	for i, category := range categories {
		switch {
		case category.StaffOnly != news:
		case category.Solvable:
			weights[i] = 4
		default:
			weights[i] = 1.6
		}
	}
	return uint8(d.weighted(weights...))
}

// expect plans the replies to a thread. Tidewater got faster over time.
func (m *maker) expect(d *dice, thread ThreadID, from Moment) {
	age := float64(from-m.Start) / float64(m.End-m.Start)
	t := &m.Threads[thread]
	if d.chance(0.24 - 0.12*age) {
		return // nobody answers
	}
	if bot := m.logins[m.ci][GitHub]; m.Communities[t.Community].Categories[t.Category].Issues && d.chance(0.3) {
		m.queue.add(intent{at: from + hours(0.02), kind: Replied, login: bot, thread: thread, post: None, detail: 1})
	}
	at, median := from, 10-6*age // hours
	for range 1 + d.poisson(1.9) {
		at += hours(d.lognormal(median, 1.25))
		login := LoginID(None)
		if d.chance(0.3) {
			login = pick(d, m.pools[m.Communities[t.Community].Source].staff)
		}
		m.queue.add(intent{at: at, kind: Replied, login: login, thread: thread, post: None})
		median = 12
	}
	if d.chance(0.04) {
		m.queue.add(intent{at: at + days(30), kind: ThreadClosed, thread: thread, login: None, post: None})
	}
}

// reply writes a reply: by whom was planned (Tidewater's, the asker's thanks)
// or whoever feels like it.
func (m *maker) reply(i intent) {
	t := &m.Threads[i.thread]
	if i.at >= t.Closed {
		return
	}
	s := m.Communities[t.Community].Source
	d := m.on(onReplies, len(m.Posts), 0)
	asker := m.Posts[t.Opening].Author
	if i.login == None {
		if i.login = m.answerer(d, s, i.at, asker); i.login == None {
			return
		}
	}
	form := formLong
	if d.chance(0.4) || i.detail == 1 {
		form = formShort
	}
	parent := i.post
	if last := m.last[i.thread]; parent == None && last != t.Opening && m.Posts[last].Seen < i.at && d.chance(0.25) {
		parent = last
	}
	post := m.post(Post{Thread: i.thread, Parent: m.nest(parent), Author: i.login, At: i.at, form: form}, Replied)
	if i.login == asker || m.People[m.Logins[i.login].Person].Kind == Bot {
		return
	}
	if d.chance(0.25) && m.natures[m.Logins[asker].Person].asks > 0 {
		m.queue.add(intent{at: m.Posts[post].Seen + hours(d.lognormal(3, 1)), kind: Replied, login: asker, thread: i.thread, post: post, detail: 1})
	}
	m.hopeAccepted(d, post)
	m.echo(d, post)
}

// nest is the reply that an answer to one hangs under. GitHub's discussions
// have two levels, its issues one.
func (m *maker) nest(parent PostID) PostID {
	if parent == None {
		return None
	}
	p := &m.Posts[parent]
	t := &m.Threads[p.Thread]
	c := &m.Communities[t.Community]
	switch {
	case c.Source != GitHub:
		return parent
	case c.Categories[t.Category].Issues:
		return None
	case p.Parent != None:
		return p.Parent
	}
	return parent
}

// post enters a post into its thread.
func (m *maker) post(p Post, kind Kind) PostID {
	id := PostID(len(m.Posts))
	m.lines++
	p.text = uint32(mix(m.Seed, uint64(onText)<<32|uint64(m.lines)))
	p.Seen, p.Removed = p.At, Never
	if p.form != formNote {
		p.Chars = chars(p.text, p.form, 1)
	}
	l := &m.Logins[p.Author]
	if l.Source == GitHub {
		p.At -= p.At % 1000
		p.Seen = p.At
	} else if d := m.on(onLateness, int(id), 0); kind != Noted && m.People[l.Person].Kind == Human && d.chance(0.012) {
		if held := p.Seen + hours(d.between(2, 40)); held < m.End {
			p.Seen = held // held for review
		}
	}
	m.Posts = append(m.Posts, p)
	m.last[p.Thread] = id
	m.happen(Event{At: p.At, Seen: p.Seen, Kind: kind, Login: p.Author, Object: int32(id), Other: int32(p.Thread)})
	m.takePart(p.Author, p.At)
	return id
}

// takePart notes that somebody of a company contributed.
func (m *maker) takePart(login LoginID, at Moment) {
	if j := m.jobAt(m.Logins[login].Person, at); j != nil {
		a := &m.accounts[j.Company]
		a.contributed = max(a.contributed, at)
	}
}
