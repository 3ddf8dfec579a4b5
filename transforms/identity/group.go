package identity

import (
	"cmp"
	"slices"
)

// recycleDays is how long after its last claim ended an address may find a new
// owner: who claims it later is somebody else.
const recycleDays = 90

// A group is the claims on one value that belong together: one per login, the
// strongest, by login key. An address that was given to somebody else is two
// groups.
type group struct {
	value      int32
	start, end int32 // in solver.claims
	hub        int32 // login that others are joined to; -1: none yet
	hubTier    uint8 // of its own claim
	standing   standing
	isSplit    bool // a rule kept some of its logins out
}

// A standing says what a group may do.
type standing uint8

const (
	linking standing = iota
	generic          // shared too widely
	asking           // only suggests
)

// gather sorts the claims by value and login, and cuts them into groups.
func (s *solver) gather() {
	starts := s.sortByValue()
	s.groups = make([]group, 0, len(s.Values))
	kept := int32(0)
	for value := range s.Values {
		claims := s.claims[starts[value]:starts[value+1]]
		if len(claims) == 0 || s.Values[value].Class == Barred {
			continue
		}
		kept = s.addGroups(int32(value), kept, s.onePerLogin(claims))
	}
	s.claims = s.claims[:kept]
}

// sortByValue copies the claims in order of their values, a tagged address
// counting as the one without its tag.
func (s *solver) sortByValue() []int32 {
	starts := make([]int32, len(s.Values)+1)
	counted := s.counted()
	for _, c := range s.Claims {
		starts[counted[c.Value]+1]++
	}
	for i := range len(s.Values) {
		starts[i+1] += starts[i]
	}
	next := slices.Clone(starts)
	s.claims = make([]Claim, len(s.Claims))
	for _, c := range s.Claims {
		c.Value = counted[c.Value]
		s.claims[next[c.Value]] = c
		next[c.Value]++
	}
	return starts
}

// counted gives for each value the one that it counts as: itself, or the address
// without its tag.
func (e *Evidence) counted() []int32 {
	counted := make([]int32, len(e.Values))
	for i := range counted {
		counted[i] = int32(i)
	}
	for tagged, bare := range e.Tagged {
		counted[tagged] = bare
	}
	return counted
}

// onePerLogin keeps the strongest claim of each login that may be linked, by
// login key, over the whole time it claimed the value.
func (s *solver) onePerLogin(claims []Claim) []Claim {
	if len(claims) > 1 {
		slices.SortFunc(claims, func(a, b Claim) int {
			return cmp.Or(cmp.Compare(s.Logins[a.Login].Key, s.Logins[b.Login].Key), cmp.Compare(b.Trust, a.Trust), cmp.Compare(a.From, b.From), cmp.Compare(a.Until, b.Until))
		})
	}
	kept := claims[:0]
	for _, c := range claims {
		if s.Logins[c.Login].NoLink {
			continue
		}
		if n := len(kept); n > 0 && kept[n-1].Login == c.Login {
			kept[n-1].From, kept[n-1].Until = min(kept[n-1].From, c.From), later(kept[n-1].Until, c.Until)
			continue
		}
		kept = append(kept, c)
	}
	return kept
}

// later is the later of two ends; 0 never comes.
func later(a, b int32) int32 {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}

// addGroups moves the claims on a value down to where the kept ones end, in
// groups of owners that followed each other.
func (s *solver) addGroups(value, kept int32, claims []Claim) int32 {
	if len(claims) == 0 {
		return kept
	}
	copy(s.claims[kept:], claims)
	claims = s.claims[kept : kept+int32(len(claims))]
	isEnded := func(c Claim) bool { return c.Until != 0 }
	if len(claims) == 1 || s.Values[value].Type != Email || !slices.ContainsFunc(claims, isEnded) {
		s.groups = append(s.groups, group{value: value, start: kept, end: kept + int32(len(claims)), hub: -1})
		return kept + int32(len(claims))
	}
	slices.SortStableFunc(claims, func(a, b Claim) int { return cmp.Compare(a.From, b.From) })
	start, until := 0, claims[0].Until
	for i, c := range claims {
		if until != 0 && c.From > until+recycleDays {
			s.addGroup(value, kept+int32(start), kept+int32(i))
			start, until = i, c.Until
		}
		until = later(until, c.Until)
	}
	s.addGroup(value, kept+int32(start), kept+int32(len(claims)))
	return kept + int32(len(claims))
}

func (s *solver) addGroup(value, start, end int32) {
	slices.SortFunc(s.claims[start:end], func(a, b Claim) int { return cmp.Compare(s.Logins[a.Login].Key, s.Logins[b.Login].Key) })
	s.groups = append(s.groups, group{value: value, start: start, end: end, hub: -1})
}
