package truth

import (
	"time"

	"rollcall/internal/world"
)

// A history is what has shown by a moment, thing by thing.
type history struct {
	w       *world.World
	at      world.Moment
	today   day
	days    calendar
	witness witness
	people  people

	companies []int32 // by OrgID
	objecting bool

	members []membership // in the order of joining
	posts   []post       // by PostID
	answers []answer     // by ThreadID
	acts    []act        // of members: what makes them active and engaged
	flags   map[world.PostID]*flagged
	came    []participation // to gatherings, by gathering then human
	hosts   map[participant]bool
	absent  map[participant]bool // registered and did not come
	ratings []rating

	toldVisits, toldVotes bool
	first                 world.Moment // when the first of it happened

	memberships map[int32][]int // by human: positions in members
	gone        map[world.LoginID]world.Moment
	authors     map[world.LoginID]bool
	joins       map[int32]join
	diaries     []diary
}

// A membership is a login's time at a forum.
type membership struct {
	login        world.LoginID
	human        int32
	community    world.CommunityID
	joined, left world.Moment // left: or was suspended, which forums date
}

// A post is what has become of one: shown, edited, taken down, voted for.
type post struct {
	isShown, isRemoved bool
	chars              int32
	removed            world.Moment // when
	remover            world.LoginID
	votes              []vote
}

// A vote is the first word of one human that a post helped.
type vote struct {
	human int32
	at    world.Moment
}

// An answer is the accepted one of a thread.
type answer struct {
	post world.PostID // None: there is none
	at   world.Moment // as the witness dates it
}

// A flagged is what happened to a post that somebody flagged.
type flagged struct {
	first    world.Moment
	judged   world.Moment // the first decision; Never
	isUpheld bool
}

// remember reads the log up to a moment.
func remember(w *world.World, at world.Moment, r Reading) *history {
	s := witness{isComplete: len(r.Looks) == 0}
	for _, look := range r.Looks {
		s.looks = append(s.looks, world.MomentOf(look))
	}
	h := &history{
		w: w, at: at, days: newCalendar(), witness: s, first: at, companies: r.Companies, objecting: r.Objecting,
		posts: make([]post, len(w.Posts)), answers: make([]answer, len(w.Threads)), flags: map[world.PostID]*flagged{},
		memberships: map[int32][]int{}, gone: map[world.LoginID]world.Moment{}, authors: map[world.LoginID]bool{},
	}
	h.today = h.days.day(at)
	h.people.of = r.People
	if r.People == nil {
		h.people.of = number(w, mayLink(w, at, r.Objecting))
	}
	h.people.holdRoles(w, at, s)
	h.readContent()
	h.readMembers()
	h.readVoices()
	h.readGatherings()
	h.readReactions()
	h.write()
	h.diaries = h.keepDiaries()
	return h
}

// shown goes through the events that have shown, in order of time.
func (h *history) shown(do func(e *world.Event)) {
	for i := range h.w.Events {
		if e := &h.w.Events[i]; e.Seen < h.at {
			do(e)
		}
	}
}

func (h *history) noteFirst(at world.Moment) { h.first = min(h.first, at) }

func (h *history) source(c world.CommunityID) world.Source { return h.w.Communities[c].Source }

func (h *history) communityOf(id world.PostID) world.CommunityID {
	return h.w.Threads[h.w.Posts[id].Thread].Community
}

func (h *history) human(login world.LoginID) int32 { return h.people.of[login] }

// isMember says whether the human behind a login counted at a moment.
func (h *history) isMember(login world.LoginID, at world.Moment) bool {
	return h.people.standing(h.human(login), at) == member
}

// readContent follows posts, acceptances and flags.
func (h *history) readContent() {
	for i := range h.answers {
		h.answers[i].post = world.None
	}
	h.shown(func(e *world.Event) {
		switch e.Kind {
		case world.ThreadOpened, world.Replied, world.Noted:
			h.posts[e.Object] = post{isShown: true, chars: h.w.Posts[e.Object].Chars}
			h.authors[e.Login] = true
			h.noteFirst(e.At)
		case world.Edited:
			h.posts[e.Object].chars = e.Amount
		case world.Removed:
			h.takeDown(e)
		case world.Accepted:
			source := h.source(h.w.Threads[e.Other].Community)
			h.answers[e.Other] = answer{world.PostID(e.Object), h.witness.accepted(source, e.At)}
		case world.Unaccepted:
			if a := &h.answers[e.Other]; a.post == world.PostID(e.Object) {
				a.post = world.None
			}
		case world.Flagged, world.FlagJudged:
			h.readFlag(e)
		}
	})
}

// takeDown removes a post. A comment on GitHub that a moderator takes down is
// shown as minimised: a decision upheld, though GitHub shows no flag.
func (h *history) takeDown(e *world.Event) {
	id := world.PostID(e.Object)
	p := &h.posts[id]
	p.isRemoved, p.removed, p.remover = true, e.Seen, e.Login
	if h.source(h.communityOf(id)) == world.GitHub && e.Login != h.w.Posts[id].Author && !h.isOpening(id) {
		h.flags[id] = &flagged{first: e.At, judged: world.Never, isUpheld: true}
	}
}

func (h *history) readFlag(e *world.Event) {
	id := world.PostID(e.Object)
	f := h.flags[id]
	if f == nil {
		f = &flagged{first: e.At, judged: world.Never}
		h.flags[id] = f
	}
	if e.Kind == world.FlagJudged {
		f.judged = min(f.judged, e.At)
		f.isUpheld = f.isUpheld || world.Outcome(e.Detail) == world.Upheld
	}
}

// counts says whether a post is content that KPIs see: shown, written by a
// person, and neither it nor its thread taken down (G17).
func (h *history) counts(id world.PostID) bool {
	p := &h.posts[id]
	if !p.isShown || p.isRemoved || h.w.Posts[id].System {
		return false
	}
	opening := &h.posts[h.w.Threads[h.w.Posts[id].Thread].Opening]
	return opening.isShown && !opening.isRemoved
}

func (h *history) isOpening(id world.PostID) bool {
	return h.w.Threads[h.w.Posts[id].Thread].Opening == id
}

// acceptedAt is when the thread's standing answer was accepted; false where
// there is none, or it was taken down.
func (h *history) acceptedAt(id world.ThreadID) (world.Moment, bool) {
	a := h.answers[id]
	return a.at, a.post != world.None && h.posts[a.post].isShown && !h.posts[a.post].isRemoved
}

// readMembers follows who is a member of which forum.
func (h *history) readMembers() {
	place := make(map[world.LoginID]int)
	h.shown(func(e *world.Event) {
		if e.Login == world.None || !isForum(h.w.Logins[e.Login].Source) {
			return
		}
		switch e.Kind {
		case world.LoginMade:
			place[e.Login] = len(h.members)
			h.members = append(h.members, membership{e.Login, h.human(e.Login), h.forumOf(e.Login), e.At, world.Never})
			h.noteFirst(e.At)
		case world.LoginGone:
			h.gone[e.Login] = e.At
		case world.LoginSuspended:
			if i, ok := place[e.Login]; ok {
				h.members[i].left = e.At
			}
		}
	})
	h.endMemberships()
}

// endMemberships ends those of deleted logins, when that was found, and leaves
// out those that no look showed.
func (h *history) endMemberships() {
	known := h.members[:0]
	for _, m := range h.members {
		if gone, ok := h.gone[m.login]; ok {
			left, isKnown := h.witness.left(m.joined, gone)
			if !isKnown {
				continue
			}
			m.left = min(m.left, left)
		}
		h.memberships[m.human] = append(h.memberships[m.human], len(known))
		known = append(known, m)
	}
	h.members = known
	h.joins = h.firstJoins()
}

func (h *history) forumOf(login world.LoginID) world.CommunityID {
	for i := range h.w.Communities {
		if h.w.Communities[i].Source == h.w.Logins[login].Source {
			return world.CommunityID(i)
		}
	}
	return world.None
}

// endOfDay is the moment at which a day is over, or now if it is not.
func (h *history) endOfDay(d day) world.Moment { return min(h.days.begins(d+1), h.at) }

// isOver says whether a month and so many days after it lie behind.
func (h *history) isOver(m month, after time.Duration) bool {
	return h.days.begins((m + 1).first()).Add(after) <= h.at
}
