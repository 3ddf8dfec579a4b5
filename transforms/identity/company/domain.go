package company

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"rollcall/transforms/identity/address"
)

// readDomain reads the domain of a company as sources write it: acme.com,
// www.acme.com, https://acme.com/about, or an address there. It returns false
// where there is none.
func readDomain(text string) (Domain, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	parsed, err := url.Parse(text)
	if err != nil {
		return Domain{}, false
	}
	a, ok := address.Parse("x@" + strings.TrimPrefix(parsed.Hostname(), "www."))
	if !ok || a.Class == address.Placeholder || !strings.Contains(a.Domain, ".") {
		return Domain{}, false
	}
	return Domain{Name: a.Domain, IsShared: a.Company == ""}, true
}

// maxCustomers is how many entries of one list that nobody keeps may share a
// domain and still be one company: a biller has a customer per subscription,
// but a reseller pays for many companies under its own address.
const maxCustomers = 10

// followDomains joins the orgs that share a domain, and finds out whose it is.
// A domain that several companies claim belongs to the one that owns the
// others, else to the only customer among them, else to nobody. Who left a
// company by decision left its domain to it.
func (s *solver) followDomains() {
	holders, shared := map[string][]int32{}, map[string]bool{}
	for i, org := range s.orgs {
		for _, d := range org.Domains {
			if !slices.Contains(holders[d.Name], int32(i)) {
				holders[d.Name] = append(holders[d.Name], int32(i))
			}
			shared[d.Name] = shared[d.Name] || d.IsShared
		}
	}
	for _, domain := range slices.Sorted(maps.Keys(holders)) {
		staying, leaving := s.parted(holders[domain])
		kept, others := s.split(staying)
		if shared[domain] {
			kept = slices.DeleteFunc(kept, func(i int32) bool { return !isNamedAs(s.names[i], domain) })
			if len(kept) == 0 {
				continue
			}
		}
		if len(kept) == 0 && s.isResold(others) {
			continue
		}
		s.share(domain, kept, others)
		s.joinAll(leaving)
	}
}

// parted takes out who left the company of another of these orgs.
func (s *solver) parted(orgs []int32) (staying, leaving []int32) {
	for _, i := range orgs {
		if slices.ContainsFunc(s.left[i], func(from int32) bool { return slices.Contains(orgs, from) }) {
			leaving = append(leaving, i)
		} else {
			staying = append(staying, i)
		}
	}
	if len(staying) == 0 { // they left each other
		return leaving, nil
	}
	return staying, leaving
}

// split parts the entries of kept lists from others.
func (s *solver) split(orgs []int32) (kept, others []int32) {
	for _, i := range orgs {
		if s.orgs[i].IsKept {
			kept = append(kept, i)
		} else {
			others = append(others, i)
		}
	}
	return kept, others
}

func (s *solver) isResold(orgs []int32) bool {
	perList := map[string]int{}
	for _, i := range orgs {
		perList[s.orgs[i].List]++
		if perList[s.orgs[i].List] > maxCustomers {
			return true
		}
	}
	return false
}

// share joins the holders of a domain: the kept ones among themselves, then the
// others to whom the domain belongs.
func (s *solver) share(domain string, kept, others []int32) {
	first := kept
	if len(first) == 0 {
		first, others = others, nil
	}
	s.joinAll(first)
	owner := s.owner(first)
	if owner < 0 {
		s.suggestAll(first, "domain "+domain)
		return
	}
	s.domains[domain] = owner
	for _, other := range others {
		if !s.join(owner, other, ByDomain, s.mayShare) {
			s.suggest(owner, other, "domain "+domain)
		}
	}
}

// joinAll joins orgs that share a domain, each to the first that it may.
func (s *solver) joinAll(orgs []int32) {
	for i, a := range orgs {
		for _, b := range orgs[:i] {
			if s.join(b, a, ByDomain, s.mayShare) {
				break
			}
		}
	}
}

// mayShare reports whether an equal domain may make two orgs one company.
func (s *solver) mayShare(a, b int32) bool {
	if s.owns(a, b) || s.owns(b, a) {
		return false
	}
	if s.orgs[a].List != s.orgs[b].List || !s.orgs[a].IsKept {
		return true
	}
	return s.names[a] == "" || s.names[b] == "" || s.names[a] == s.names[b] || s.isSaidOfNames(a, b)
}

// isSaidOfNames reports whether it was said outright, of entries of the two's
// companies, that a company of the one's name and one of the other's are one, over
// any number of names between.
func (s *solver) isSaidOfNames(a, b int32) bool {
	said := map[int32][]string{} // what was said to be one -> its names
	for _, company := range []int32{s.find(a), s.find(b)} {
		for _, i := range s.members[company] {
			if s.names[i] != "" {
				said[s.outright[i]] = append(said[s.outright[i]], s.names[i])
			}
		}
	}
	reached := map[string]bool{s.names[a]: true}
	for grows := true; grows; {
		grows = false
		for one, names := range said {
			if !slices.ContainsFunc(names, func(name string) bool { return reached[name] }) {
				continue
			}
			for _, name := range names {
				reached[name] = true
			}
			delete(said, one)
			grows = true
		}
	}
	return reached[s.names[b]]
}

// maxParents bounds the way up from an org, also where it goes in a circle.
const maxParents = 20

func (s *solver) owns(parent, child int32) bool {
	for range maxParents {
		above, found := s.index[s.orgs[child].Parent]
		if !found {
			return false
		}
		if above == parent {
			return true
		}
		child = above
	}
	return false
}

// owner is an org of the company to which a domain of these orgs belongs; -1:
// nobody can say.
func (s *solver) owner(orgs []int32) int32 {
	var roots []int32
	for _, i := range orgs {
		if root := s.find(i); !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	if len(roots) == 1 {
		return roots[0]
	}
	tops := slices.DeleteFunc(slices.Clone(orgs), func(i int32) bool {
		return slices.ContainsFunc(orgs, func(parent int32) bool { return s.owns(parent, i) })
	})
	if len(tops) == 1 {
		return tops[0]
	}
	customers := slices.DeleteFunc(slices.Clone(orgs), func(i int32) bool { return !s.orgs[i].IsCustomer })
	if len(customers) == 1 {
		return customers[0]
	}
	return -1
}

// Owner is the company of an address's domain: that of the longest of its
// suffixes that belongs to one.
func (s Solution) Owner(domain string) (company int32, found bool) {
	for {
		if company, found := s.Domains[domain]; found {
			return company, true
		}
		_, rest, more := strings.Cut(domain, ".")
		if !more {
			return 0, false
		}
		domain = rest
	}
}
