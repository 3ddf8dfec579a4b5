package world

// SeenAtForums is when the forums last saw each of their logins, of those they
// saw in [from, to) and still list: by a visit or by anything done there. It is
// all that a forum tells of visits. A deleted account is listed no more, unless
// it has written: that becomes anonymous.
func (w *World) SeenAtForums(from, to Moment) map[LoginID]Moment {
	seen, wrote, gone := map[LoginID]Moment{}, map[LoginID]bool{}, []LoginID{}
	for i := range w.Events {
		e := &w.Events[i]
		if e.Login == None || e.Seen >= to || w.Logins[e.Login].Source >= GitHub {
			continue
		}
		switch e.Kind {
		case LoginGone:
			gone = append(gone, e.Login)
			continue
		case ThreadOpened, Replied:
			wrote[e.Login] = true
		}
		if w.isSeen(e) && e.Seen >= from {
			seen[e.Login] = max(seen[e.Login], e.Seen)
		}
	}
	for _, login := range gone {
		if !wrote[login] {
			delete(seen, login)
		}
	}
	return seen
}

// isSeen tells what a forum sees its login do there itself.
func (w *World) isSeen(e *Event) bool {
	switch e.Kind {
	case LoginMade, Visited, ThreadOpened, Replied, Noted, Edited, Removed, Reacted, Unreacted, Bookmarked, Unbookmarked,
		Accepted, Unaccepted, Flagged, FlagJudged, ThreadClosed:
		return true
	case Registered, Unregistered:
		at := w.Gatherings[e.Object].Community
		return at != None && w.Communities[at].Source == w.Logins[e.Login].Source
	}
	return false
}
