package truth

import (
	"time"

	"rollcall/internal/world"
)

// countModeration counts what was flagged of what members wrote, by the date of
// writing; what was taken down since stays in both counts. Of an item that was
// gone before anybody looked only its flag is known, and dates it; of an emptied
// one, that it was.
func (h *history) countModeration(l *ledger) {
	for i := range h.w.Posts {
		id := world.PostID(i)
		p, f := &h.w.Posts[i], h.flags[id]
		if !h.posts[i].isShown || p.System {
			continue
		}
		m, in := h.days.month(p.At), h.slices(h.communityOf(id))
		switch isKnown := h.sawPost(id); {
		case isKnown && !h.isMember(p.Author, p.At), !isKnown && f == nil && !h.isEmptied(id):
			continue
		case !isKnown && f == nil:
		case !isKnown:
			m = h.days.month(f.first)
		}
		l.share("flag_rate_all", m, in, f != nil)
		l.share("flagged_content_rate", m, in, f != nil && f.isUpheld)
		if f != nil && f.judged != world.Never && h.witness.isComplete {
			l.amount("moderation_response_time_median_hours", m, in, hoursFrom(f.first, f.judged))
		}
	}
}

// stubLasts is how long Discourse shows that an author took a reply down.
const stubLasts = 24 * time.Hour

// isEmptied says whether a comment on GitHub stands there still, empty and
// without an author.
func (h *history) isEmptied(id world.PostID) bool {
	p, opening := &h.posts[id], h.w.Threads[h.w.Posts[id].Thread].Opening
	return p.isRemoved && p.remover == h.w.Posts[id].Author && !h.posts[opening].isRemoved && h.w.StaysEmpty(id)
}

// sawPost says whether a look showed a post.
func (h *history) sawPost(id world.PostID) bool {
	listed, standing := h.listedUntil(id)
	if h.witness.saw(h.w.Posts[id].Seen, listed) {
		return true
	}
	before := world.Moment(0)
	for _, look := range h.witness.looks {
		if look > listed && look <= standing && h.w.MeetsHidden(id, before, look) {
			return true
		}
		before = look
	}
	return false
}

// listedUntil is how long a source lists a post, and how long it shows it at
// all. A thread goes with its opening. A forum hides what an upheld flag was on,
// and lists what an author took down for a day more; GitHub minimises what
// moderators take down.
func (h *history) listedUntil(id world.PostID) (listed, standing world.Moment) {
	standing = world.Never
	if opening := &h.posts[h.w.Threads[h.w.Posts[id].Thread].Opening]; opening.isRemoved {
		standing = opening.removed
	}
	p := &h.posts[id]
	if !p.isRemoved || h.isOpening(id) {
		return standing, standing
	}
	byAuthor, isForum := p.remover == h.w.Posts[id].Author, isForum(h.source(h.communityOf(id)))
	f := h.flags[id]
	switch {
	case isForum && byAuthor:
		standing = min(standing, p.removed.Add(stubLasts))
	case isForum && f != nil && f.isUpheld:
		return min(standing, p.removed), standing
	case isForum || byAuthor:
		standing = min(standing, p.removed)
	}
	return standing, standing
}
