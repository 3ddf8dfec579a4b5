package truth

import (
	"slices"
	"strconv"
	"time"

	"rollcall/internal/world"
)

// A join is a human's first join to a forum while a plain member.
type join struct {
	community world.CommunityID
	at        world.Moment
}

// firstJoins are the first joins of all, over all communities, by human; ties go
// to the forum that comes first by name.
func (h *history) firstJoins() map[int32]join {
	first := make(map[int32]join)
	for _, m := range h.members {
		if h.people.standing(m.human, m.joined) != member {
			continue
		}
		before, ok := first[m.human]
		if !ok || m.joined < before.at || m.joined == before.at && h.name(m.community) < h.name(before.community) {
			first[m.human] = join{m.community, m.joined}
		}
	}
	return first
}

// joinsIn are the first joins to one forum, whatever came before elsewhere.
func (h *history) joinsIn(c world.CommunityID) map[int32]world.Moment {
	first := make(map[int32]world.Moment)
	for _, m := range h.members {
		if m.community != c || h.people.standing(m.human, m.joined) != member {
			continue
		}
		if before, ok := first[m.human]; !ok || m.joined < before {
			first[m.human] = m.joined
		}
	}
	return first
}

// joinMonth is the slice of a human by the month of the first join.
func (h *history) joinMonth(human int32) segment {
	if j, ok := h.joins[human]; ok {
		return segment{"join_month", h.days.month(j.at).String()}
	}
	return segment{"join_month", "unknown"}
}

// name is a community's id in the lake.
func (h *history) name(c world.CommunityID) string { return CommunityName(h.w, c) }

// slices are the whole and a community.
func (h *history) slices(c world.CommunityID) []segment {
	if c == world.None {
		return append(whole(), segment{"community", "unknown"})
	}
	return append(whole(), segment{"community", h.name(c)})
}

// liveAt are the humans who hold a membership somewhere just before a moment,
// in each forum and (key everywhere) in any.
func (h *history) liveAt(end world.Moment) map[place]map[int32]bool {
	live := map[place]map[int32]bool{everywhere: {}}
	for _, m := range h.members {
		if m.joined >= end || m.left < end || h.people.standing(m.human, end-1) != member {
			continue
		}
		for _, p := range []place{everywhere, place(m.community)} {
			if live[p] == nil {
				live[p] = make(map[int32]bool)
			}
			live[p][m.human] = true
		}
	}
	return live
}

// isLiveMember says whether a human held a membership at a moment.
func (h *history) isLiveMember(human int32, at world.Moment) bool {
	for _, i := range h.memberships[human] {
		if m := h.members[i]; m.joined <= at && at < m.left {
			return h.people.standing(human, at) == member
		}
	}
	return false
}

// countMembers counts memberships and what new members did.
func (h *history) countMembers(l *ledger) {
	for m := l.first; m <= l.last; m++ {
		for p, live := range h.liveAt(h.endOfDay(m.last())) {
			l.count("community_members_total", m, []segment{h.sliceOf(p)}, float64(len(live)))
			if p == everywhere {
				for human := range live {
					l.count("community_members_total", m, []segment{h.joinMonth(human)}, 1)
				}
			}
		}
	}
	acts := make(map[int32][]act)
	for _, a := range h.acts {
		acts[a.human] = append(acts[a.human], a)
	}
	for human, j := range h.joins {
		l.count("community_new_members", h.days.month(j.at), h.slices(j.community), 1)
		h.countActivation(l, j, acts[human])
	}
	h.countRetention(l, acts)
}

// sliceOf is the segment of a place.
func (h *history) sliceOf(p place) segment {
	switch p {
	case everywhere:
		return whole()[0]
	case nowhere:
		return segment{"community", "unknown"}
	}
	return segment{"community", h.name(world.CommunityID(p))}
}

// countActivation looks at what a human did in the window after joining, in the
// community they joined (the lifecycle is one of a person and a community) or
// in no community.
func (h *history) countActivation(l *ledger, j join, acts []act) {
	m, in := h.days.month(j.at), h.slices(j.community)
	l.share("new_member_activation_rate", m, in, j.isActivated(acts, activationWindow))
	for _, days := range []int{7, 30} {
		window := time.Duration(days) * 24 * time.Hour
		l.share("new_member_activation_rate", m, []segment{{"window_days", strconv.Itoa(days)}}, j.isActivated(acts, window))
	}
	acted := slices.ContainsFunc(acts, func(a act) bool { return a.kind != other && j.holds(a, activationWindow) })
	l.share("new_member_first_action_rate", m, in, acted)
}

// holds says whether an act lies in the window after a join and counts for it.
func (j join) holds(a act, window time.Duration) bool {
	return within(j.at, a.at, window) && (a.community == j.community || a.community == world.None)
}

func (j join) isActivated(acts []act, window time.Duration) bool {
	return slices.ContainsFunc(acts, func(a act) bool { return a.tier >= meaningful && j.holds(a, window) })
}

// countRetention follows the cohorts of joiners into the k-th calendar month
// after that of joining: k = 1, and 3 as a slice.
func (h *history) countRetention(l *ledger, acts map[int32][]act) {
	active := make(map[place]map[placed]bool)
	for i := range h.diaries {
		d := &h.diaries[i]
		if active[d.place] == nil {
			active[d.place] = make(map[placed]bool)
		}
		for m, s := range d.sheets() {
			active[d.place][placed{m, d.human}] = s.activeDays > 0
		}
	}
	follow := func(human int32, j join, p place) {
		m := h.days.month(j.at)
		for k, s := range map[month]segment{1: h.sliceOf(p), 3: {"k", "3"}} {
			if !h.isOver(m+k, 0) || k == 3 && p != everywhere {
				continue
			}
			stayed := active[p][placed{m + k, human}]
			l.share("member_retention_rate", m, []segment{s}, stayed)
			if j.isActivated(acts[human], activationWindow) {
				l.share("member_retention_rate_activated", m, []segment{s}, stayed)
			}
		}
	}
	for human, j := range h.joins {
		follow(human, j, everywhere)
	}
	for c := range h.w.Communities {
		for human, at := range h.joinsIn(world.CommunityID(c)) {
			follow(human, join{world.CommunityID(c), at}, place(c))
		}
	}
}

// CommunityName is a community's id in the lake: source:instance, and of a
// repository its number.
func CommunityName(w *world.World, id world.CommunityID) string {
	c := &w.Communities[id]
	name := c.Source.Connector() + ":" + c.Source.Instance()
	if c.Source == world.GitHub {
		name += ":" + strconv.FormatInt(c.ID, 10)
	}
	return name
}
