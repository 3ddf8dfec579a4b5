package identity

import (
	"cmp"
	"slices"
)

// What one person may have.
const (
	loginsPerPerson    = 25 // records that a source merged count as one
	mailboxesPerPerson = 10
)

// guard solves the components again that break a rule.
func (s *solver) guard() {
	broken := s.broken()
	if len(broken) == 0 {
		return
	}
	var logins []int32
	for i, root := range s.atTier[tiers-1] {
		if broken[root] {
			logins = append(logins, int32(i))
		}
	}
	again := &resolver{solver: s, state: map[int32]*person{}, apart: map[int32][]int32{}, parts: map[int32][]edge{}}
	again.run(logins)
}

// broken finds the roots of components that break a rule.
func (s *solver) broken() map[int32]bool {
	roots := s.atTier[tiers-1]
	broken := map[int32]bool{}
	s.overSized(roots, broken)
	s.mixed(roots, broken)
	s.twoSubjects(roots, broken)
	for _, pair := range s.NotSame {
		if roots[pair[0]] == roots[pair[1]] {
			broken[roots[pair[0]]] = true
		}
	}
	return broken
}

func (s *solver) overSized(roots []int32, broken map[int32]bool) {
	logins, boxes := make([]int32, len(roots)), make([]int32, len(roots))
	for i, root := range roots {
		if s.heads[i] == int32(i) {
			logins[root]++
		}
	}
	for i := range s.groups {
		if g := &s.groups[i]; g.hub >= 0 && s.Values[g.value].Type == Email {
			boxes[roots[g.hub]]++
		}
	}
	for root := range roots {
		if logins[root] > loginsPerPerson || boxes[root] > mailboxesPerPerson {
			broken[int32(root)] = true
		}
	}
}

// mixed finds people with two customers' contacts, or with a bot beside a
// human.
func (s *solver) mixed(roots []int32, broken map[int32]bool) {
	company := make([]uint32, len(roots))
	for i, root := range roots {
		login := s.Logins[i]
		if login.IsBot != s.Logins[root].IsBot {
			broken[root] = true
		}
		switch {
		case login.Company == 0 || !login.IsCustomer:
		case company[root] == 0:
			company[root] = login.Company
		case company[root] != login.Company:
			broken[root] = true
		}
	}
}

// twoSubjects finds people whom one issuer knows as two.
func (s *solver) twoSubjects(roots []int32, broken map[int32]bool) {
	type issued struct {
		root   int32
		issuer uint32
		key    uint64
	}
	var subjects []issued
	for i := range s.groups {
		g := &s.groups[i]
		if value := s.Values[g.value]; g.hub >= 0 && value.Type == Subject && value.Issuer != 0 {
			subjects = append(subjects, issued{roots[g.hub], value.Issuer, value.Key})
		}
	}
	slices.SortFunc(subjects, func(a, b issued) int {
		return cmp.Or(cmp.Compare(a.root, b.root), cmp.Compare(a.issuer, b.issuer))
	})
	for i := 1; i < len(subjects); i++ {
		if a, b := subjects[i-1], subjects[i]; a.root == b.root && a.issuer == b.issuer && a.key != b.key {
			broken[b.root] = true
		}
	}
}
