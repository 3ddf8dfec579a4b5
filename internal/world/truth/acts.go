package truth

import (
	"time"

	"rollcall/internal/world"
)

// An act is something a member did.
type act struct {
	human     int32
	community world.CommunityID // None: an event or survey of no community
	at        world.Moment
	on        day
	tier      tier
	kind      actKind
}

// An actKind is what an act was, as far as KPIs tell acts apart.
type actKind uint8

const (
	wrote      actKind = iota // a thread or a reply
	came                      // to an event
	researched                // came to one held for research
	other
)

// write lists the acts of members by G11. Left out are removed content and what
// was done to it, and what people did while they were staff, bots or tests.
func (h *history) write() {
	for i := range h.w.Posts {
		h.writePost(world.PostID(i))
	}
	h.writeDone(world.Reacted, world.Unreacted)
	h.writeDone(world.Bookmarked, world.Unbookmarked)
	for _, m := range h.members { // G11 has joining among the passive acts
		h.add(m.login, m.community, m.joined, passive, other)
	}
	h.shown(h.writePlain)
	for _, e := range h.standing(world.Starred, world.Unstarred) {
		h.add(e.Login, world.CommunityID(e.Object), e.At, light, other)
	}
	h.writeVisits()
	for _, p := range h.came {
		h.writeAttendance(p)
	}
	h.writeSurveys()
}

func (h *history) add(login world.LoginID, c world.CommunityID, at world.Moment, t tier, k actKind) {
	if h.isMember(login, at) {
		h.acts = append(h.acts, act{h.human(login), c, at, h.days.day(at), t, k})
	}
}

// writePost grades a thread or reply. A reply that got a helpful vote counts as
// meaningful on the day it was written, the accepted answer to somebody else as
// high: to accept one's own solves a question and helps no peer.
func (h *history) writePost(id world.PostID) {
	if !h.counts(id) {
		return
	}
	p := &h.w.Posts[id]
	c := h.communityOf(id)
	grade := light
	switch {
	case h.isOpening(id):
		if !showsLength(h.source(c)) || h.posts[id].chars >= minChars {
			grade = meaningful
		}
	case h.isAnswerToAnother(id):
		grade = high
	case h.helpfulVotes(id) > 0:
		grade = meaningful
	}
	h.add(p.Author, c, p.At, grade, wrote)
}

func (h *history) isAnswerToAnother(id world.PostID) bool {
	p := &h.w.Posts[id]
	return h.answers[p.Thread].post == id && h.isToOther(id)
}

// isToOther says whether a reply stands in a thread of somebody else.
func (h *history) isToOther(id world.PostID) bool {
	p := &h.w.Posts[id]
	return h.human(p.Author) != h.human(h.w.Posts[h.w.Threads[p.Thread].Opening].Author)
}

// writeDone lists what was done to posts that count, and not taken back.
func (h *history) writeDone(done, undone world.Kind) {
	for _, e := range h.standing(done, undone) {
		if id := world.PostID(e.Object); h.counts(id) {
			h.add(e.Login, h.communityOf(id), e.At, light, other)
		}
	}
}

// writePlain lists acts that leave nothing to take back.
func (h *history) writePlain(e *world.Event) {
	switch e.Kind {
	case world.Flagged:
		if id := world.PostID(e.Object); h.counts(id) {
			h.add(e.Login, h.communityOf(id), e.At, passive, other)
		}
	case world.Referred:
		if isForum(h.w.Logins[e.Login].Source) {
			h.add(e.Login, h.forumOf(e.Login), e.At, meaningful, other)
		}
	}
}

// writeVisits lists the visits that are known: all, or what the looks showed.
func (h *history) writeVisits() {
	if !h.witness.isComplete {
		h.writeSeen()
		return
	}
	h.shown(func(e *world.Event) {
		if e.Kind == world.Visited {
			h.visited(e.Login, e.At)
		}
	})
}

// A presence is a login's row in a list of who was seen: one for each day of
// UTC, which a later look that shows the same day writes anew.
type presence struct {
	login world.LoginID
	day   int64
}

// writeSeen lists who was seen by the looks. Each shows of everybody when they
// were seen last, if that was since the look before or the day before this one;
// of earlier days the first look tells nothing.
func (h *history) writeSeen() {
	const day = world.Moment(24 * time.Hour / time.Millisecond)
	seen := map[presence]world.Moment{}
	for i, look := range h.witness.looks {
		from := look - look%day - day
		if i > 0 {
			from = min(from, h.witness.looks[i-1])
		}
		for login, at := range h.w.SeenAtForums(from, look) {
			seen[presence{login, int64(at / day)}] = at
		}
	}
	for p, at := range seen {
		h.visited(p.login, at)
	}
}

func (h *history) visited(login world.LoginID, at world.Moment) {
	h.toldVisits = true
	h.noteFirst(at)
	h.add(login, h.forumOf(login), at, passive, other)
}

// countsVisits is the one setting of the site (community_dau): who visits is
// active where every community says who visits. Repositories never do.
func (h *history) countsVisits() bool {
	for i := range h.w.Communities {
		if !isForum(h.w.Communities[i].Source) {
			return false
		}
	}
	return h.toldVisits
}
