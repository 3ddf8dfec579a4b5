// Package serve shows a world as its vendors' APIs show it: the two Discourse
// forums and the GitHub organisation, each as it was at a moment that can be
// moved on between two reads.
//
// What a handler knows is what the world's log has shown by that moment, with
// the vendor's keys, paging, limits, errors, resolution of times and silent
// deletions. It is deterministic: the same world, moment and request give the
// same bytes.
package serve

import (
	"sort"
	"time"

	"rollcall/internal/world"
)

// Options say how a handler answers. Without a Key a forum has visitors only,
// and GitHub nobody.
type Options struct {
	Now func() time.Time // the moment shown, and the server's clock; it may move either way
	Key string           // what a reader must send: an admin's API key, a token

	// Limit is how many requests a forum takes in a minute, or GitHub in an hour,
	// and as many points; 0: as many as come.
	Limit int
	Clock func() time.Time // what limits are counted by, if not the system's clock

	Faults Faults
}

func (o *Options) clock() time.Time {
	if o.Clock != nil {
		return o.Clock()
	}
	return time.Now()
}

// now is the moment shown.
func (o *Options) now() world.Moment { return world.MomentOf(o.Now()) }

// logOf are the positions of the events that belong to a source, in the order
// it shows them.
func logOf(w *world.World, belongs func(*world.Event) bool) []int32 {
	var log []int32
	for i := range w.Events {
		if belongs(&w.Events[i]) {
			log = append(log, int32(i))
		}
	}
	sort.SliceStable(log, func(i, j int) bool { return w.Events[log[i]].Seen < w.Events[log[j]].Seen })
	return log
}

// placeOf is the community in which an event happens; None for one that
// happens in none.
func placeOf(w *world.World, e *world.Event) world.CommunityID {
	switch e.Kind {
	case world.ThreadOpened, world.Replied, world.Noted, world.Accepted, world.Unaccepted:
		return w.Threads[e.Other].Community
	case world.Edited, world.Removed, world.Reacted, world.Unreacted, world.Bookmarked, world.Unbookmarked, world.Flagged, world.FlagJudged:
		return w.Threads[w.Posts[e.Object].Thread].Community
	case world.ThreadClosed:
		return w.Threads[e.Object].Community
	case world.Visited, world.Starred, world.Unstarred:
		return world.CommunityID(e.Object)
	case world.GatheringPlanned, world.GatheringCalledOff, world.Registered, world.Unregistered:
		return w.Gatherings[e.Object].Community
	}
	return world.None
}

// concerns tells events about logins themselves.
func concerns(kind world.Kind) bool {
	switch kind {
	case world.LoginMade, world.LoginGone, world.LoginSuspended, world.AddressChanged, world.AddressAdded,
		world.RoleGiven, world.LoginsMerged:
		return true
	}
	return false
}

// addresses are those that a login shows at a moment, the primary one first.
func addresses(w *world.World, login world.LoginID, at world.Moment) (primary string, others []string) {
	others = []string{}
	from := sort.Search(len(w.Holdings), func(i int) bool { return w.Holdings[i].Login >= login })
	for i := from; i < len(w.Holdings) && w.Holdings[i].Login == login; i++ {
		h := &w.Holdings[i]
		switch {
		case at < h.From || h.Until <= at:
		case h.IsPrimary:
			primary = w.Text(h)
		default:
			others = append(others, w.Text(h))
		}
	}
	return primary, others
}

// holds says whether a login has a role at a moment.
func holds(w *world.World, login world.LoginID, role world.RoleName, at world.Moment) bool {
	from := sort.Search(len(w.Roles), func(i int) bool { return w.Roles[i].Login >= login })
	for i := from; i < len(w.Roles) && w.Roles[i].Login == login; i++ {
		if r := &w.Roles[i]; r.Name == role && r.From <= at && at < r.Until {
			return true
		}
	}
	return false
}
