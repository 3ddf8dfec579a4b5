// Package company resolves the companies that sources know, each under its own
// name and number, into customer accounts: one account per company, with the
// domains of its people's addresses.
package company

import (
	"cmp"
	"slices"
	"strings"
)

// An Org is a company as one source knows it: a CRM's company, a biller's
// customer, a helpdesk's organisation, a workspace of the product.
type Org struct {
	ID         string // org_id
	List       string // the instance that lists it
	IsKept     bool   // people keep that list and mean every entry as a company of its own, as in a CRM
	IsCustomer bool
	Name       string
	Domains    []Domain
	Parent     string // org_id of the one that owns it
}

// A Domain is one e-mail domain of a company's people.
type Domain struct {
	Name     string // ASCII, lower case: acme.com, or below it research.acme.com
	IsShared bool   // on the lists of domains where anybody has an address
}

// A Method says why an org belongs to its account.
type Method string

// The methods, the strongest first.
const (
	Manual    Method = "manual"    // somebody decided it
	Merge     Method = "merge"     // its own source merged the two
	Reference Method = "reference" // one names the other's id
	ByDomain  Method = "domain"    // their people's addresses have one domain
	Own       Method = "own"       // it is the account's only org
)

// Confidence is how sure the method is.
func (m Method) Confidence() float64 {
	if m == ByDomain {
		return 0.95
	}
	return 1
}

// A Link says outright that two orgs are one company.
type Link struct {
	A, B   string // org_id
	Method Method
}

// Evidence is all that is known of which orgs are one company.
type Evidence struct {
	Orgs  []Org // one per id
	Links []Link
	Apart [][2]string // decided not to be one company: one that left, one that it left
}

// A Solution says which orgs are one company. Companies are numbered from 0 in
// the order of their smallest org id.
type Solution struct {
	Orgs        []Org // of the evidence, by id
	Of          []int32
	Methods     []Method         // per org
	Domains     map[string]int32 // domain -> the company that it belongs to
	Suggestions []Suggestion
}

// A Suggestion is two orgs that may be one company, for a person to decide.
type Suggestion struct{ A, B, Reason string }

// Solve finds the companies. What was said outright comes first, then equal
// domains; equal names only suggest. Two orgs that were decided to be apart are
// never one, and two entries of one kept list only where their names agree or
// something said outright joins them, or two of their names: a group's companies
// share a domain, and who buys another has it in each of his lists.
func Solve(e Evidence) Solution {
	s := newSolver(e)
	s.followLinks(e.Links)
	s.followDomains()
	s.suggestNames()
	return s.solution()
}

type solver struct {
	orgs        []Org
	index       map[string]int32
	names       []string // folded
	up          []int32  // union-find
	outright    []int32  // per org its company when only what was said outright was followed
	members     [][]int32
	apart       map[[2]int32]bool
	left        map[int32][]int32 // org -> those whose company it was decided to leave
	methods     []Method
	domains     map[string]int32 // domain -> an org of its company
	suggestions []Suggestion
	suggested   map[[2]int32]bool
}

func newSolver(e Evidence) *solver {
	s := &solver{orgs: slices.Clone(e.Orgs), index: map[string]int32{}, apart: map[[2]int32]bool{}, left: map[int32][]int32{}, domains: map[string]int32{}, suggested: map[[2]int32]bool{}}
	slices.SortFunc(s.orgs, func(a, b Org) int { return strings.Compare(a.ID, b.ID) })
	for i, org := range s.orgs {
		s.index[org.ID] = int32(i)
		s.names = append(s.names, foldName(org.Name))
		s.up = append(s.up, int32(i))
		s.members = append(s.members, []int32{int32(i)})
		s.methods = append(s.methods, Own)
	}
	for _, pair := range e.Apart {
		a, foundA := s.index[pair[0]]
		b, foundB := s.index[pair[1]]
		if foundA && foundB {
			s.apart[[2]int32{min(a, b), max(a, b)}] = true
			s.left[a] = append(s.left[a], b)
		}
	}
	return s
}

func (s *solver) find(i int32) int32 {
	for s.up[i] != i {
		s.up[i] = s.up[s.up[i]]
		i = s.up[i]
	}
	return i
}

// join makes two orgs one company where test allows it of each pair of members.
func (s *solver) join(a, b int32, method Method, test func(a, b int32) bool) bool {
	into, from := s.find(a), s.find(b)
	if into == from {
		return true
	}
	for _, x := range s.members[into] {
		for _, y := range s.members[from] {
			if s.apart[[2]int32{min(x, y), max(x, y)}] || !test(x, y) {
				return false
			}
		}
	}
	for _, i := range []int32{a, b} {
		if weight(method) < weight(s.methods[i]) {
			s.methods[i] = method
		}
	}
	s.up[from] = into
	s.members[into] = append(s.members[into], s.members[from]...)
	s.members[from] = nil
	return true
}

func weight(m Method) int { return slices.Index([]Method{Manual, Merge, Reference, ByDomain, Own}, m) }

// followLinks joins what was said outright, decisions first.
func (s *solver) followLinks(links []Link) {
	links = slices.Clone(links)
	slices.SortFunc(links, func(a, b Link) int {
		return cmp.Or(cmp.Compare(weight(a.Method), weight(b.Method)), strings.Compare(a.A, b.A), strings.Compare(a.B, b.B))
	})
	for _, link := range links {
		a, foundA := s.index[link.A]
		b, foundB := s.index[link.B]
		if foundA && foundB {
			s.join(a, b, link.Method, func(int32, int32) bool { return true })
		}
	}
	for i := range s.orgs {
		s.outright = append(s.outright, s.find(int32(i)))
	}
}

func (s *solver) solution() Solution {
	out := Solution{Orgs: s.orgs, Of: make([]int32, len(s.orgs)), Methods: s.methods, Domains: map[string]int32{}, Suggestions: s.suggestions}
	numbers := map[int32]int32{}
	for i := range s.orgs {
		root := s.find(int32(i))
		if _, found := numbers[root]; !found {
			numbers[root] = int32(len(numbers))
		}
		out.Of[i] = numbers[root]
	}
	for domain, org := range s.domains {
		out.Domains[domain] = out.Of[org]
	}
	return out
}
