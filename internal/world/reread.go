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
