package truth

import (
	"cmp"
	"slices"

	"rollcall/internal/world"
)

// A participation is what one human had to do with one gathering.
type participation struct {
	gathering    world.GatheringID
	human        int32
	login        world.LoginID
	isRegistered bool // at its start
	wasEver      bool // registered at some time
	isHost       bool
	minutes      int32
	joined       world.Moment
}

func (p *participation) attended() bool { return p.minutes >= minAttendMinutes }

// readGatherings follows who registered for and came to gatherings that have
// begun, were not called off, and whose tool tells who came. Hosts, staff, bots
// and test people are left out (event_participation_rate).
func (h *history) readGatherings() {
	h.hosts, h.absent = make(map[participant]bool), make(map[participant]bool)
	found := make(map[participant]*participation)
	calledOff := make(map[world.GatheringID]bool)
	open := make(map[registration]bool)
	h.shown(func(e *world.Event) {
		g := world.GatheringID(e.Object)
		switch e.Kind {
		case world.GatheringPlanned:
			h.noteFirst(h.w.Gatherings[g].Starts)
		case world.GatheringCalledOff:
			calledOff[g] = true
		case world.Registered, world.Unregistered, world.Attended:
			h.take(found, open, e)
		}
	})
	for _, p := range found {
		g := &h.w.Gatherings[p.gathering]
		k := participant{p.gathering, p.human}
		h.hosts[k] = p.isHost
		if calledOff[p.gathering] || !g.HasAttendance || h.days.day(g.Starts) >= h.today || p.isHost || h.people.standing(p.human, g.Starts) != member {
			continue
		}
		h.came = append(h.came, *p)
		h.absent[k] = p.isRegistered && !p.attended()
	}
	slices.SortFunc(h.came, func(a, b participation) int {
		return cmp.Or(cmp.Compare(a.gathering, b.gathering), cmp.Compare(a.human, b.human))
	})
}

type participant struct {
	gathering world.GatheringID
	human     int32
}

type registration struct {
	gathering world.GatheringID
	login     world.LoginID
}

// take enters one event into a participation. Who has several logins is
// registered while one of them is; minutes of several visits add up.
func (h *history) take(found map[participant]*participation, open map[registration]bool, e *world.Event) {
	g := &h.w.Gatherings[e.Object]
	k := participant{world.GatheringID(e.Object), h.human(e.Login)}
	p := found[k]
	if p == nil {
		p = &participation{gathering: k.gathering, human: k.human, login: e.Login, joined: world.Never}
		found[k] = p
	}
	r := registration{k.gathering, e.Login}
	switch e.Kind {
	case world.Registered:
		open[r] = true
		p.wasEver, p.isRegistered = true, true
	case world.Unregistered:
		if e.At < g.Starts {
			delete(open, r)
			p.isRegistered = h.isStillRegistered(open, k)
		}
	case world.Attended:
		p.minutes += e.Amount
		p.joined = min(p.joined, e.At)
		p.isHost = p.isHost || e.Detail == 1
	}
}

func (h *history) isStillRegistered(open map[registration]bool, k participant) bool {
	for r := range open {
		if r.gathering == k.gathering && h.human(r.login) == k.human {
			return true
		}
	}
	return false
}

// writeAttendance lists an attended gathering as a meaningful act of the day on
// which the person came.
func (h *history) writeAttendance(p participation) {
	if !p.attended() {
		return
	}
	g := &h.w.Gatherings[p.gathering]
	kind := came
	if g.Kind == "research" {
		kind = researched
	}
	h.acts = append(h.acts, act{p.human, g.Community, p.joined, h.days.day(p.joined), meaningful, kind})
}

func (h *history) countGatherings(l *ledger) {
	attendees := make(map[placed]bool)
	for _, p := range h.came {
		g := &h.w.Gatherings[p.gathering]
		m := h.days.month(g.Starts)
		in := append(h.slices(g.Community), segment{"event_series", g.Series})
		if p.isRegistered {
			l.share("event_participation_rate", m, in, p.attended())
		}
		if p.attended() && !p.wasEver {
			l.count("event_walk_in_count", m, in[:1], 1)
		}
		if k := (placed{m, p.human}); p.attended() && !attendees[k] {
			attendees[k] = true
			l.count("event_attendees", m, whole(), 1)
		}
	}
}

// placed is a human in a month.
type placed struct {
	month month
	human int32
}
