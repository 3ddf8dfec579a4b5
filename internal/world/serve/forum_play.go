package serve

import (
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/world"
)

// play applies an event of the log. id numbers what Discourse gives a number
// of its own: bookmarks, entries of the review queue, invitees.
func (f *forum) play(e *world.Event, id int64) {
	if concerns(e.Kind) {
		f.playLogin(e)
		return
	}
	u := f.byLogin[e.Login]
	if u != nil && e.Seen > u.seen {
		u.seen = e.Seen
	}
	switch e.Kind {
	case world.Visited:
		if u != nil {
			u.days++
		}
	case world.ThreadOpened, world.Replied, world.Noted:
		f.write(e, u)
	case world.GatheringPlanned, world.GatheringCalledOff, world.Registered, world.Unregistered:
		f.playGathering(e, u, id)
	case world.ThreadClosed:
		if t := f.byThread[world.ThreadID(e.Object)]; t != nil {
			t.closed = e.Seen
		}
	case world.Accepted, world.Unaccepted:
		f.playAnswer(e)
	default:
		if p := f.byPost[world.PostID(e.Object)]; p != nil {
			f.playPost(e, p, u, id)
		}
	}
}

func (f *forum) playLogin(e *world.Event) {
	if e.Kind == world.LoginMade {
		f.signUp(e)
		return
	}
	u := f.byLogin[e.Login]
	if u == nil {
		return
	}
	switch e.Kind {
	case world.AddressAdded, world.AddressChanged:
		u.email, u.emails = addresses(f.world, e.Login, e.At)
	case world.RoleGiven:
		u.admin = u.admin || world.RoleName(e.Detail) == world.RoleStaff
		u.moderator = u.moderator || world.RoleName(e.Detail) == world.RoleModerator
	case world.LoginSuspended:
		u.suspended = e.Seen
	case world.LoginGone:
		f.forget(u, e.Seen)
	case world.LoginsMerged:
		f.merge(u, f.byLogin[world.LoginID(e.Object)], e.Seen)
	}
}

func (f *forum) signUp(e *world.Event) {
	l := &f.world.Logins[e.Login]
	u := &user{login: e.Login, id: l.ID, created: l.Made, seen: e.Seen, username: f.world.Username(e.Login), name: f.world.DisplayName(e.Login), admin: l.ID < 0}
	u.email, u.emails = addresses(f.world, e.Login, e.At)
	if u.email == "" {
		u.email = "no_email" // as Discourse's own accounts have
	}
	f.users = append(f.users, u)
	f.byLogin[e.Login], f.byName[strings.ToLower(u.username)] = u, u
}

// forget deletes an account. Discourse takes its likes and bookmarks with it,
// and deletes no account that has written: that becomes anonymous instead.
func (f *forum) forget(u *user, at world.Moment) {
	u.gone = at
	delete(f.byName, strings.ToLower(u.username))
	if u.posts > 0 {
		u.anonymous = true
		u.username = fmt.Sprintf("anon%d", u.id)
		u.name, u.email, u.emails = u.username, u.username+"@anonymized.invalid", []string{}
		f.byName[u.username] = u
		return
	}
	for _, l := range u.likes {
		l.post.likes--
		l.post.topic.likes--
	}
	u.likes = nil
	f.bookmarks = slices.DeleteFunc(f.bookmarks, func(b *bookmark) bool { return b.by == u })
}

// merge gives what one account wrote and did to another, and deletes it.
func (f *forum) merge(u, into *user, at world.Moment) {
	if into == nil {
		f.forget(u, at)
		return
	}
	for _, p := range f.posts {
		if p.author == u {
			p.author = into
		}
	}
	for _, b := range f.bookmarks {
		if b.by == u {
			b.by = into
		}
	}
	into.likes = append(into.likes, u.likes...)
	slices.SortStableFunc(into.likes, func(a, b *like) int { return int(a.at - b.at) })
	into.posts, into.days = into.posts+u.posts, max(into.days, u.days)
	u.likes, u.posts = nil, 0
	f.forget(u, at)
}

// write shows a new post, and with an opening its topic.
func (f *forum) write(e *world.Event, u *user) {
	source := &f.world.Posts[e.Object]
	t := f.byThread[world.ThreadID(e.Other)]
	if e.Kind == world.ThreadOpened {
		t = f.open(world.ThreadID(e.Other))
	}
	if t == nil {
		return
	}
	p := &post{id: world.PostID(e.Object), number: source.ID, topic: t, author: f.byLogin[source.Author], at: source.At, updated: source.At,
		version: 1, place: source.Number, system: source.System}
	if parent := f.byPost[source.Parent]; parent != nil {
		parent.replies++
		p.parent = parent.place
	}
	t.posts = append(t.posts, p)
	f.posts = insert(f.posts, p, func(p *post) int64 { return p.number })
	f.byPost[p.id] = p
	if p.system {
		return // notes of the forum's own do not bump
	}
	t.living++
	t.bumped, t.last = max(t.bumped, e.Seen), max(t.last, p.at)
	if u != nil {
		u.posts++
	}
}

func (f *forum) open(id world.ThreadID) *topic {
	thread := &f.world.Threads[id]
	title := f.world.Title(id)
	t := &topic{id: thread.ID, title: title, slug: slug(title), tag: world.Topics()[thread.Topic],
		category: &f.world.Communities[thread.Community].Categories[thread.Category]}
	f.topics = insert(f.topics, t, func(t *topic) int64 { return t.id })
	f.byThread[id] = t
	return t
}

// insert keeps a list in order of its items' numbers, which mostly come in it.
func insert[T any](list []T, item T, number func(T) int64) []T {
	at := len(list)
	for at > 0 && number(list[at-1]) > number(item) {
		at--
	}
	return slices.Insert(list, at, item)
}

func (f *forum) playAnswer(e *world.Event) {
	p, t := f.byPost[world.PostID(e.Object)], f.byThread[world.ThreadID(e.Other)]
	switch {
	case t == nil || p == nil:
	case e.Kind == world.Accepted:
		t.accepted = p
	case t.accepted == p:
		t.accepted = nil
	}
}

func (f *forum) playPost(e *world.Event, p *post, u *user, id int64) {
	switch e.Kind {
	case world.Edited:
		p.version, p.updated = int(e.Detail), e.Seen
	case world.Removed:
		f.takeDown(e, p)
	case world.Reacted:
		f.like(u, p, e.At)
	case world.Unreacted:
		f.unlike(u, p)
	case world.Bookmarked:
		f.bookmarks = append(f.bookmarks, &bookmark{id: id, by: u, post: p, at: e.At})
	case world.Unbookmarked:
		f.bookmarks = slices.DeleteFunc(f.bookmarks, func(b *bookmark) bool { return b.by == u && b.post == p })
	case world.Flagged:
		f.flag(e, p, u)
	case world.FlagJudged:
		f.judge(e, p)
	}
}

func (f *forum) like(u *user, p *post, at world.Moment) {
	if u == nil || slices.ContainsFunc(u.likes, func(l *like) bool { return l.post == p }) {
		return
	}
	u.likes = append(u.likes, &like{post: p, at: at})
	p.likes++
	p.topic.likes++
}

func (f *forum) unlike(u *user, p *post) {
	if u == nil {
		return
	}
	i := slices.IndexFunc(u.likes, func(l *like) bool { return l.post == p })
	if i < 0 {
		return
	}
	u.likes = slices.Delete(u.likes, i, i+1)
	p.likes--
	p.topic.likes--
}

// takeDown removes a post. A topic goes with its opening, at once. A reply that
// its author takes down leaves a stub for a day; one whose flag was upheld is
// hidden and stays; others vanish.
func (f *forum) takeDown(e *world.Event, p *post) {
	if p.topic.accepted == p {
		p.topic.accepted = nil
	}
	switch {
	case p.place == 1:
		p.deleted, p.topic.deleted = e.Seen, e.Seen
	case e.Login == f.world.Posts[p.id].Author:
		p.stub, p.updated, p.version = e.Seen, e.Seen, p.version+1
		f.stubs = append(f.stubs, p)
	case p.upheld:
		p.hidden, p.updated = true, e.Seen
	default:
		f.remove(p, e.Seen)
	}
}

// remove lets a post vanish from its topic.
func (f *forum) remove(p *post, at world.Moment) {
	p.deleted, p.updated = at, at
	p.topic.living--
	p.topic.likes -= p.likes
	p.topic.last = 0
	for _, other := range p.topic.posts {
		if other.deleted == 0 && !other.system {
			p.topic.last = max(p.topic.last, other.at)
		}
	}
	if p.author != nil {
		p.author.posts--
	}
}
