package identity

import (
	"cmp"
	"slices"
)

// tiers counts those that link by themselves: T0 to T3.
const tiers = 4

type solver struct {
	*Evidence
	people   forest
	claims   []Claim // by value, then login key; only of logins that may be linked
	groups   []group
	heads    []int32           // per login, its root when only what was said outright was followed
	atTier   [tiers][]int32    // per login, its root when all evidence up to a tier was followed
	doubtful map[int32]bool    // logins that two people seem to use
	decided  map[[2]int32]bool // people, as roots in order, who were decided to be two
	solution *Solution
}

// Solve links logins by their claims and what was said outright. Evidence in
// tiers: T0 one subject of one issuer, or said outright; T1 an address verified
// on both sides; T2 an address that staff vouch for on one side or both; T3 an
// address that exactly one login claims by itself, beside others' better
// claims. Components that break a rule are solved again, strongest evidence
// first, and what would break a rule is refused.
func Solve(evidence *Evidence) *Solution {
	s := &solver{Evidence: evidence, people: newForest(len(evidence.Logins)), solution: &Solution{}}
	reached := make(chan []int32, 1)
	go func() { reached <- evidence.reach() }()
	s.gather()
	s.classify()
	s.join()
	s.guard()
	s.suggest()
	s.sorted()
	s.label()
	s.solution.Reach = <-reached
	return s.solution
}

// reach numbers what shares a value or was said to be one, linked or not, as in
// [Solution].
func (e *Evidence) reach() []int32 {
	f, counted := newForest(len(e.Logins)), e.counted()
	first := slices.Repeat([]int32{-1}, len(e.Values)) // login that claims a value
	for _, c := range e.Claims {
		value := counted[c.Value]
		switch {
		case e.Values[value].Class == Barred:
		case first[value] < 0:
			first[value] = c.Login
		default:
			f.union(c.Login, first[value])
		}
	}
	for _, same := range e.Same {
		f.union(same.A, same.B)
	}
	reached := f.roots()
	least := e.least(reached, func(int32, int32) int { return 0 })
	for i, root := range reached {
		reached[i] = least[root]
	}
	return reached
}

// join follows all evidence, tier by tier.
func (s *solver) join() {
	for _, same := range s.Same {
		if s.mayLink(same) {
			s.people.union(same.A, same.B)
		}
	}
	s.heads = s.people.roots()
	for tier := range uint8(tiers) {
		for i := range s.groups {
			s.joinGroup(&s.groups[i], tier)
		}
		s.atTier[tier] = s.people.roots()
	}
}

func (s *solver) mayLink(same Same) bool {
	return !s.Logins[same.A].NoLink && !s.Logins[same.B].NoLink
}

// joinGroup joins the logins whose claim is of the tier to the group's hub.
func (s *solver) joinGroup(g *group, tier uint8) {
	if g.standing != linking {
		return
	}
	for _, c := range s.claims[g.start:g.end] {
		if s.tierOf(g, c) != tier {
			continue
		}
		if g.hub < 0 {
			g.hub = c.Login
		}
		s.people.union(g.hub, c.Login)
	}
}

// tierOf is the tier at which a claim joins its group; NoTier: it only
// suggests.
func (s *solver) tierOf(g *group, c Claim) uint8 {
	switch {
	case c.Trust == Self:
		if self, others := s.selfClaims(g); self == 1 && others > 0 {
			return 3
		}
		return NoTier
	case s.Values[g.value].Type == Subject:
		return 0
	case c.Trust == Verified:
		return 1
	}
	return 2
}

func (s *solver) selfClaims(g *group) (self, others int) {
	for _, c := range s.claims[g.start:g.end] {
		if c.Trust == Self {
			self++
		} else {
			others++
		}
		if self > 1 {
			break
		}
	}
	return self, others
}

// label names every person by the login that the best evidence ties to another
// one, of equals that of the least key, and gives each login the weakest tier
// on its best way there.
func (s *solver) label() {
	n := len(s.Logins)
	s.solution.Label, s.solution.Tier = make([]int32, n), make([]uint8, n)
	joined := s.joinedAt()
	people := s.atTier[tiers-1]
	best := s.least(people, func(a, b int32) int { return cmp.Compare(joined[a], joined[b]) })
	for i := range n {
		label := best[people[i]]
		s.solution.Label[i], s.solution.Tier[i] = label, joined[label]
		for tier := joined[label]; int(label) != i && tier < tiers; tier++ {
			if s.atTier[tier][i] == s.atTier[tier][label] {
				s.solution.Tier[i] = tier
				break
			}
		}
	}
}

// joinedAt is the best tier by which each login is tied to another one.
func (s *solver) joinedAt() []uint8 {
	joined := make([]uint8, len(s.Logins))
	for i := range joined {
		joined[i] = NoTier
	}
	for tier := range uint8(tiers) {
		roots := s.atTier[tier]
		sizes := make([]int32, len(roots))
		for _, root := range roots {
			sizes[root]++
		}
		for i, root := range roots {
			if sizes[root] > 1 {
				joined[i] = min(joined[i], tier)
			}
		}
	}
	return joined
}

// least gives for every root the first of its logins, by order and then by key.
func (e *Evidence) least(roots []int32, order func(a, b int32) int) []int32 {
	least := make([]int32, len(roots))
	for i := range least {
		least[i] = -1
	}
	for i, root := range roots {
		at := least[root]
		if at < 0 || cmp.Or(order(int32(i), at), cmp.Compare(e.Logins[i].Key, e.Logins[at].Key)) < 0 {
			least[root] = int32(i)
		}
	}
	return least
}
