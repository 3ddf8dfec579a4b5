package truth

import "rollcall/internal/world"

// A witness is who saw what the sources do not date: everything as it happened,
// or what the sources showed at some looks.
type witness struct {
	isComplete bool
	looks      []world.Moment
}

// firstLook is the first look that showed what a source had since a moment;
// false without one.
func (s witness) firstLook(at world.Moment) (world.Moment, bool) {
	for _, look := range s.looks {
		if look > at {
			return look, true
		}
	}
	return 0, false
}

// saw says whether something was there to be seen at a look: shown since from,
// no more after until.
func (s witness) saw(from, until world.Moment) bool {
	look, ok := s.firstLook(from)
	return s.isComplete || ok && look <= until
}

// accepted dates an acceptance made at a moment. Discourse does not say when
// one was made: it counts from the look that first showed it (rulings, KPIs).
func (s witness) accepted(source world.Source, at world.Moment) world.Moment {
	if s.isComplete || !isForum(source) {
		return at
	}
	if look, ok := s.firstLook(at); ok {
		return look
	}
	return world.Never
}

// watchesFrom is since when acceptances at a source are dated: an acceptance
// that the first look showed may be of any age.
func (s witness) watchesFrom(source world.Source) world.Moment {
	if s.isComplete || !isForum(source) {
		return beginning
	}
	return s.looks[0]
}

// beginning lies before all moments.
const beginning world.Moment = -1 << 62

// roleFrom is since when a role given at a moment is known to be held.
// Communities do not date the rights of their users: as far as they say, those
// were always held.
func (s witness) roleFrom(source world.Source, at world.Moment) world.Moment {
	if s.isComplete || !isCommunity(source) {
		return at
	}
	return beginning
}

// left dates the end of a membership, which forums do not: a user who is
// listed no more left when that was found. The bool is false for a user whom no
// look showed.
func (s witness) left(joined, gone world.Moment) (world.Moment, bool) {
	if s.isComplete || !s.saw(joined, gone) {
		return gone, s.isComplete
	}
	if look, ok := s.firstLook(gone); ok {
		return look, true
	}
	return world.Never, true
}
