package world

// echo plans what others and the author do about a post in time.
func (m *maker) echo(d *dice, post PostID) {
	p := &m.Posts[post]
	seen := p.Seen
	forum := m.Logins[p.Author].Source != GitHub
	plan := func(kind Kind, after Moment, login LoginID) {
		m.queue.add(intent{at: seen + after, kind: kind, login: login, thread: p.Thread, post: post})
	}
	for range d.poisson(0.62) {
		plan(Reacted, hours(d.lognormal(14, 1.5)), None)
	}
	if forum && d.chance(0.07) {
		plan(Bookmarked, hours(d.lognormal(30, 1.3)), None)
	}
	if d.chance(0.06) {
		plan(Edited, hours(d.between(0.05, 3)), p.Author)
	}
	if d.chance(0.015) {
		plan(Edited, days(d.between(5, 60)), p.Author)
	}
	if d.chance(0.008) {
		plan(Removed, days(d.lognormal(2, 1.5)), p.Author)
	}
	if forum && d.chance(0.016) {
		plan(Flagged, hours(d.lognormal(8, 1.2)), None)
	}
	if !forum && d.chance(0.006) {
		plan(Removed, days(d.lognormal(1, 1)), pick(d, m.pools[GitHub].staff))
	}
}

// hopeAccepted plans that the asker accepts a reply as the answer.
func (m *maker) hopeAccepted(d *dice, post PostID) {
	p := &m.Posts[post]
	t := &m.Threads[p.Thread]
	if m.Communities[t.Community].Categories[t.Category].Solvable && d.chance(0.34) {
		asker := m.Posts[t.Opening].Author
		m.queue.add(intent{at: p.Seen + hours(d.lognormal(9, 1.5)), kind: Accepted, login: asker, thread: p.Thread, post: post})
	}
}

// accept marks an answer where the thread has none, or takes it back.
func (m *maker) accept(i intent) {
	accepted := &m.accepted[i.thread]
	e := Event{At: m.cut(i.login, i.at), Kind: i.kind, Login: i.login, Object: int32(i.post), Other: int32(i.thread)}
	if i.kind == Unaccepted {
		if *accepted == i.post {
			*accepted = None
			m.happen(e)
		}
		return
	}
	if *accepted != None {
		return
	}
	*accepted = i.post
	m.happen(e)
	if d := m.on(onFollowUps, int(i.post), 1); d.chance(0.04) {
		i.kind, i.at = Unaccepted, i.at+days(d.between(0.5, 20))
		m.queue.add(i)
	}
}

// cut gives a moment at a login's source the precision that the source has.
func (m *maker) cut(login LoginID, at Moment) Moment {
	if m.Logins[login].Source == GitHub {
		return at - at%1000
	}
	return at
}

// likeUndone is for how many hours Discourse lets somebody take a like back
// (post_undo_action_window_mins, 10 by default).
const likeUndone = 10.0 / 60

// react lets somebody react to a post, each login once.
func (m *maker) react(i intent) {
	author := m.Posts[i.post].Author
	source := m.Logins[author].Source
	d := m.on(onReactions, int(i.post), int(i.at))
	if i.login != None {
		m.happen(Event{At: m.cut(author, i.at), Kind: Unreacted, Login: i.login, Object: int32(i.post), Other: int32(author), Detail: i.detail})
		return
	}
	login := m.reader(d, source, i.at, author)
	if login == None || m.reacted[reactionKey{i.post, login}] {
		return
	}
	m.reacted[reactionKey{i.post, login}] = true
	reaction := Like
	if source == GitHub {
		reaction = Reaction(1 + d.weighted(60, 8, 16, 10, 6))
	}
	m.happen(Event{At: m.cut(author, i.at), Kind: Reacted, Login: login, Object: int32(i.post), Other: int32(author), Detail: uint8(reaction)})
	m.takePart(login, i.at)
	if d.chance(0.025) {
		until := 400.0
		if source != GitHub {
			until = likeUndone
		}
		i.at, i.login, i.detail = i.at+hours(d.between(0.001, until)), login, uint8(reaction)
		m.queue.add(i)
	}
}

// A reactionKey is who reacted to what.
type reactionKey struct {
	post  PostID
	login LoginID
}

// followUp does what is left: bookmarks, edits, removals, flags, closing.
func (m *maker) followUp(i intent) {
	d := m.on(onFollowUps, int(i.post), int(i.at))
	e := Event{At: i.at, Kind: i.kind, Login: i.login, Object: int32(i.post), Other: None, Detail: i.detail}
	if i.kind == ThreadClosed {
		m.closeThread(i)
		return
	}
	p := &m.Posts[i.post]
	source := m.Logins[p.Author].Source
	e.At = m.cut(p.Author, e.At)
	switch i.kind {
	case Edited:
		m.versions[i.post] = max(1, m.versions[i.post]) + 1
		version := m.versions[i.post]
		e.Amount, e.Detail = chars(p.text, p.form, int(version)), version
	case Removed:
		p.Removed = e.At
	case Bookmarked:
		e.Login, e.Other = m.reader(d, source, i.at, p.Author), int32(p.Author)
	case Flagged:
		e.Login, e.Detail = m.reader(d, source, i.at, p.Author), uint8(d.weighted(60, 25, 15))
	}
	if e.Login == None || !m.happen(e) {
		return
	}
	switch i.kind {
	case Bookmarked:
		if d.chance(0.05) {
			m.happen(Event{At: i.at + days(d.between(1, 90)), Kind: Unbookmarked, Login: e.Login, Object: e.Object, Other: e.Other})
		}
	case Flagged:
		m.judge(d, e)
	}
}

// judge plans what a moderator makes of a flag: most are upheld, and what was
// flagged is taken down.
func (m *maker) judge(d *dice, flag Event) {
	if d.chance(0.12) {
		return // still pending
	}
	p := &m.Posts[flag.Object]
	at, outcome := flag.At+hours(d.lognormal(5, 1.2)), Outcome(d.weighted(65, 22, 13))
	moderator := m.pools[m.Logins[p.Author].Source].staff[0]
	judged := Event{At: at, Kind: FlagJudged, Login: moderator, Object: flag.Object, Other: None, Detail: uint8(outcome)}
	if !m.happen(judged) || outcome != Upheld {
		return
	}
	if removed := at + hours(0.01); m.People[m.Logins[p.Author].Person].Kind != Staff {
		m.queue.add(intent{at: removed, kind: Removed, login: moderator, thread: p.Thread, post: PostID(flag.Object)})
		if l := &m.Logins[p.Author]; FlagReason(flag.Detail) == Spam && d.chance(0.2) && l.Suspended == Never {
			if m.happen(Event{At: removed, Kind: LoginSuspended, Login: p.Author, Object: None, Other: None}) {
				l.Suspended = removed
			}
		}
	}
}

// closeThread closes a thread; at a forum the software leaves a note.
func (m *maker) closeThread(i intent) {
	t := &m.Threads[i.thread]
	source := m.Communities[t.Community].Source
	closer := m.pools[source].staff[0]
	at := m.cut(closer, i.at)
	if !m.happen(Event{At: at, Kind: ThreadClosed, Login: closer, Object: int32(i.thread), Other: None}) {
		return
	}
	t.Closed = at
	if source != GitHub {
		m.post(Post{Thread: i.thread, Parent: None, Author: m.logins[m.system][source], At: at, form: formNote, System: true}, Noted)
	}
}
