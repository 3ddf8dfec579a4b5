package serve

import (
	"slices"

	"rollcall/internal/world"
)

// flag enters a flag into the review queue; a further one of the same post
// joins its entry, which then is undecided again.
func (f *forum) flag(e *world.Event, p *post, u *user) {
	p.flagged++
	p.pending++
	for _, r := range f.reviews {
		if r.post == p {
			r.status, r.scores = 0, r.scores+1
			return
		}
	}
	f.reviews = append(f.reviews, &review{id: int64(len(f.reviews) + 1), post: p, by: u, at: e.Seen, scores: 1})
}

func (f *forum) judge(e *world.Event, p *post) {
	p.pending = 0
	for _, r := range f.reviews {
		if r.post != p {
			continue
		}
		switch world.Outcome(e.Detail) {
		case world.Upheld:
			r.status, p.upheld = 1, true
		case world.Rejected:
			r.status = 2
		case world.Ignored:
			r.status = 3
		}
	}
}

func (f *forum) playGathering(e *world.Event, u *user, id int64) {
	g := world.GatheringID(e.Object)
	if !f.rsvp[g] {
		return
	}
	at := slices.IndexFunc(f.gatherings, func(other *gathering) bool { return other.id == g })
	switch {
	case e.Kind == world.GatheringPlanned && at < 0:
		f.gatherings = append(f.gatherings, &gathering{id: g})
	case at < 0:
	case e.Kind == world.GatheringCalledOff:
		f.gatherings = slices.Delete(f.gatherings, at, at+1)
	case e.Kind == world.Registered && u != nil:
		f.gatherings[at].going = append(f.gatherings[at].going, &invitee{id: id, by: u})
	case e.Kind == world.Unregistered:
		f.gatherings[at].going = slices.DeleteFunc(f.gatherings[at].going, func(i *invitee) bool { return i.by == u })
	}
}
