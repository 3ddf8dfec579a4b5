package truth

import "rollcall/internal/world"

// readReactions finds the helpful votes: of each post and human the first, by
// anybody but its author, bots and test people; staff may vote.
func (h *history) readReactions() {
	for _, r := range h.standingReactions() {
		h.toldVotes = true
		voter, author := h.human(r.Login), h.human(h.w.Posts[r.Object].Author)
		if !isHelpful(world.Reaction(r.Detail)) || voter == author || h.people.standing(voter, r.At) == barred {
			continue
		}
		h.posts[r.Object].voted(voter, r.At)
	}
}

func (p *post) voted(human int32, at world.Moment) {
	for i := range p.votes {
		if p.votes[i].human == human {
			p.votes[i].at = min(p.votes[i].at, at)
			return
		}
	}
	p.votes = append(p.votes, vote{human, at})
}

// helpfulVotes counts the votes that came in time.
func (h *history) helpfulVotes(id world.PostID) int {
	n := 0
	for _, v := range h.posts[id].votes {
		if within(h.w.Posts[id].At, v.at, helpfulWindow) {
			n++
		}
	}
	return n
}

// deed is who did what to what: one of them stands until it is taken back.
type deed struct {
	kind   world.Kind
	login  world.LoginID
	object int32
	detail uint8
}

// standingReactions, and likewise bookmarks and stars, are those that were not
// taken back, in order of time. Where a login was deleted its likes and bookmarks
// went with it. Likes are asked for by person, and who looked before keeps those
// of who is gone; bookmarks are listed for all, and those are found gone (G17).
func (h *history) standingReactions() []*world.Event {
	return h.standing(world.Reacted, world.Unreacted)
}

func (h *history) standing(done, undone world.Kind) []*world.Event {
	var events []*world.Event
	place := make(map[deed]int)
	h.shown(func(e *world.Event) {
		k := deed{done, e.Login, e.Object, e.Detail}
		switch e.Kind {
		case done:
			place[k] = len(events)
			events = append(events, e)
		case undone:
			if i, ok := place[k]; ok {
				events[i] = nil
			}
		}
	})
	standing := events[:0]
	for _, e := range events {
		if e == nil {
			continue
		}
		until := h.shownUntil(e.Login)
		isFoundGone := done == world.Bookmarked && until != world.Never && !h.witness.isComplete
		if h.witness.saw(e.Seen, until) && !isFoundGone {
			standing = append(standing, e)
		}
	}
	return standing
}

// shownUntil is how long a login's likes are shown. Discourse deletes no account
// that has written: that becomes anonymous and keeps them.
func (h *history) shownUntil(login world.LoginID) world.Moment {
	if gone, ok := h.gone[login]; ok && !h.authors[login] {
		return gone
	}
	return world.Never
}
