package world

// reread is how far back from the newest post known the Discourse connector
// reads topics whole, at every look but the first.
const reread = 30 * 24 * 3600 * 1000

// MeetsHidden says whether a look at a forum meets a post that a moderator has
// hidden. Lists leave it out; its topic shows it, which is read whole if it was
// active not long before the newest post of the look before. The first look,
// with before 0, reads what is listed.
func (w *World) MeetsHidden(id PostID, before, at Moment) bool {
	if before == 0 {
		return false
	}
	source, active, newest := w.Communities[w.Threads[w.Posts[id].Thread].Community].Source, Moment(0), Moment(0)
	for i := range w.Posts {
		p := &w.Posts[i]
		if p.System || w.Communities[w.Threads[p.Thread].Community].Source != source {
			continue
		}
		if p.Thread == w.Posts[id].Thread && p.Seen < at {
			active = max(active, p.Seen)
		}
		if p.Seen < before {
			newest = max(newest, p.At)
		}
	}
	return active >= newest-reread
}

// StaysEmpty says whether a post that its author took down stays as an empty one
// without an author: on GitHub a comment of a discussion, of the first of its two
// levels, that had been replied to.
func (w *World) StaysEmpty(id PostID) bool {
	gone, t := w.Posts[id].Removed, &w.Threads[w.Posts[id].Thread]
	c := &w.Communities[t.Community]
	if c.Source != GitHub || c.Categories[t.Category].Issues || gone == Never || id == t.Opening || w.firstLevel(id) != id {
		return false
	}
	for i := range w.Posts {
		p := &w.Posts[i]
		if p.Thread == w.Posts[id].Thread && PostID(i) != id && p.Seen < gone && p.Removed > gone && w.firstLevel(PostID(i)) == id {
			return true
		}
	}
	return false
}

// firstLevel is the comment that a post of a discussion stands under, or itself.
func (w *World) firstLevel(id PostID) PostID {
	for {
		parent := w.Posts[id].Parent
		if parent == None || parent == w.Threads[w.Posts[id].Thread].Opening {
			return id
		}
		id = parent
	}
}
