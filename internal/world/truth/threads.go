package truth

import "rollcall/internal/world"

// countThreads counts how deep members' threads go in their first 14 days. The
// author's own replies and staff's count, those of bots and tests do not.
func (h *history) countThreads(l *ledger) {
	type depth struct {
		replies int
		humans  map[int32]bool
	}
	depths := make(map[world.ThreadID]*depth)
	for i := range h.w.Threads {
		opening := h.w.Threads[i].Opening
		p := &h.w.Posts[opening]
		if h.counts(opening) && h.isMember(p.Author, p.At) {
			depths[world.ThreadID(i)] = &depth{humans: map[int32]bool{h.human(p.Author): true}}
		}
	}
	for i := range h.w.Posts {
		p := &h.w.Posts[i]
		d := depths[p.Thread]
		if d == nil || h.isOpening(world.PostID(i)) || !h.counts(world.PostID(i)) {
			continue
		}
		opened := h.w.Posts[h.w.Threads[p.Thread].Opening].At
		if human := h.human(p.Author); within(opened, p.At, depthWindow) && h.people.standing(human, p.At) != barred {
			d.replies++
			d.humans[human] = true
		}
	}
	for id, d := range depths {
		t := &h.w.Threads[id]
		m, in := h.days.month(h.w.Posts[t.Opening].At), append(h.slices(t.Community), h.threadKind(id))
		l.mean("thread_depth_mean", m, in, float64(d.replies))
		l.amount("thread_depth_median", m, in[:1], float64(d.replies))
		l.mean("thread_participants_mean", m, in[:1], float64(len(d.humans)))
	}
}

func (h *history) threadKind(id world.ThreadID) segment {
	if h.isQuestion(id) {
		return segment{"thread_kind", "question"}
	}
	return segment{"thread_kind", "discussion"}
}

// countReplies counts the helpful votes that members' replies in threads of
// others got.
func (h *history) countReplies(l *ledger) {
	for i := range h.w.Posts {
		id := world.PostID(i)
		p := &h.w.Posts[i]
		if h.isOpening(id) || !h.counts(id) || !h.isMember(p.Author, p.At) || !h.isToOther(id) {
			continue
		}
		votes := h.helpfulVotes(id)
		m, in := h.days.month(p.At), h.slices(h.communityOf(id))
		l.share("helpful_vote_rate", m, in, votes > 0)
		l.mean("helpful_votes_per_reply", m, in[:1], float64(votes))
	}
}
