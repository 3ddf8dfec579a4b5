package identity

import (
	"cmp"
	"slices"
)

// suggest offers pairs that share an address without being linked by it: claims
// that nobody vouches for, mailboxes that may be shared, what a rule about
// companies refused, and whose a login may be that two people seem to use.
func (s *solver) suggest() {
	s.decided = map[[2]int32]bool{}
	for _, pair := range s.NotSame {
		a, b := s.atTier[tiers-1][pair[0]], s.atTier[tiers-1][pair[1]]
		s.decided[[2]int32{min(a, b), max(a, b)}] = true
	}
	for i := range s.groups {
		s.suggestGroup(&s.groups[i])
	}
	for _, refused := range s.solution.Refusals {
		if refused.Value >= 0 && refused.Login != refused.Other && s.isWorthAsking(refused) {
			s.offer(refused.Login, refused.Other, refused.Value, refused.Rule)
		}
	}
}

func (s *solver) isWorthAsking(refused Refusal) bool {
	switch refused.Rule {
	case OtherCompany, Contested:
		return true
	case OtherSubject:
		return s.doubtful[refused.Login] || s.doubtful[refused.Other]
	}
	return false
}

func (s *solver) suggestGroup(g *group) {
	claims := s.claims[g.start:g.end]
	if g.standing == generic || len(claims) < 2 || len(claims) > loginsInAll {
		return
	}
	first := g.hub
	if first < 0 {
		first = claims[0].Login
	}
	for _, c := range claims {
		switch {
		case c.Login == first:
		case g.standing == asking:
			s.offer(first, c.Login, g.value, SharedBox)
		case g.hub < 0:
			s.offer(first, c.Login, g.value, SelfAsserted)
		case s.tierOf(g, c) == NoTier:
			s.offer(first, c.Login, g.value, Contested)
		}
	}
}

// offer suggests that two logins are one person, unless they are linked anyway or
// somebody decided that their people are two.
func (s *solver) offer(a, b, value int32, rule Rule) {
	one, other := s.atTier[tiers-1][a], s.atTier[tiers-1][b]
	if one == other || s.decided[[2]int32{min(one, other), max(one, other)}] {
		return
	}
	if s.Logins[a].Key > s.Logins[b].Key {
		a, b = b, a
	}
	s.solution.Suggestions = append(s.solution.Suggestions, Suggestion{A: a, B: b, Value: value, Rule: rule})
}

// sorted gives refusals and suggestions in the order of their keys.
func (s *solver) sorted() {
	value := func(v int32) uint64 {
		if v < 0 {
			return 0
		}
		return s.Values[v].Key
	}
	slices.SortFunc(s.solution.Refusals, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(s.Logins[a.Login].Key, s.Logins[b.Login].Key), cmp.Compare(s.Logins[a.Other].Key, s.Logins[b.Other].Key),
			cmp.Compare(value(a.Value), value(b.Value)), cmp.Compare(a.Rule, b.Rule))
	})
	slices.SortFunc(s.solution.Suggestions, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(s.Logins[a.A].Key, s.Logins[b.A].Key), cmp.Compare(s.Logins[a.B].Key, s.Logins[b.B].Key),
			cmp.Compare(value(a.Value), value(b.Value)), cmp.Compare(a.Rule, b.Rule))
	})
	s.solution.Refusals = slices.Compact(s.solution.Refusals)
	s.solution.Suggestions = slices.Compact(s.solution.Suggestions)
}
