package company

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func crm(id, name string, domains ...string) Org {
	return Org{ID: "crm:a:org:" + id, List: "crm:a", IsKept: true, Name: name, Domains: domainsOf(domains)}
}

func customer(id, name string, domains ...string) Org {
	return Org{ID: "billing:b:org:" + id, List: "billing:b", Name: name, Domains: domainsOf(domains)}
}

func domainsOf(names []string) []Domain {
	var domains []Domain
	for _, name := range names {
		if d, ok := readDomain(name); ok {
			domains = append(domains, d)
		}
	}
	return domains
}

// companies are the ids of the orgs of each company that has several.
func companies(s Solution) [][]string {
	members := map[int32][]string{}
	for i, org := range s.Orgs {
		members[s.Of[i]] = append(members[s.Of[i]], org.ID)
	}
	var found [][]string
	for _, ids := range members {
		if len(ids) > 1 {
			found = append(found, ids)
		}
	}
	slices.SortFunc(found, slices.Compare)
	return found
}

func (s Solution) ownerID(domain string) string {
	company, found := s.Owner(domain)
	if !found {
		return ""
	}
	return s.Orgs[slices.Index(s.Of, company)].ID
}

func TestSolve_joinsOneDomainOfSeveralLists(t *testing.T) {
	s := Solve(Evidence{Orgs: []Org{crm("1", "Acme", "acme-tools.com"), customer("9", "ACME Tools Ltd", "www.acme-tools.com"), customer("8", "Other", "other-tools.com")}})
	require.Equal(t, [][]string{{"billing:b:org:9", "crm:a:org:1"}}, companies(s))
	require.Equal(t, []Method{Own, ByDomain, ByDomain}, s.Methods)
	require.Equal(t, "billing:b:org:9", s.ownerID("eu.acme-tools.com"), "below the company's domain")
	require.Empty(t, s.ownerID("tools.com"))
}

func TestSolve_namesOnlySuggest(t *testing.T) {
	s := Solve(Evidence{Orgs: []Org{crm("1", "Acme Labs, Inc."), customer("9", "ACME Labs")}})
	require.Empty(t, companies(s))
	require.Equal(t, []Suggestion{{"billing:b:org:9", "crm:a:org:1", "name"}}, s.Suggestions)
}

func TestSolve_followsWhatIsSaidOutright(t *testing.T) {
	orgs := []Org{crm("1", "Acme"), crm("2", "Beta"), crm("3", "Gamma"), customer("9", "Delta")}
	s := Solve(Evidence{Orgs: orgs, Links: []Link{
		{"crm:a:org:2", "crm:a:org:1", Merge}, {"billing:b:org:9", "crm:a:org:3", Reference}, {"crm:a:org:3", "crm:a:org:1", Manual}, {"crm:a:org:1", "gone", Merge},
	}})
	require.Equal(t, [][]string{{"billing:b:org:9", "crm:a:org:1", "crm:a:org:2", "crm:a:org:3"}}, companies(s))
	require.Equal(t, []Method{Reference, Manual, Merge, Manual}, s.Methods)
}

// Who buys another has it in every list: one entry named on either side is enough,
// and both domains are the one company's.
func TestSolve_joinsAllEntriesOfACompanyThatAnotherBought(t *testing.T) {
	desk := func(id, name, domain string) Org {
		return Org{ID: "desk:d:org:" + id, List: "desk:d", IsKept: true, Name: name, Domains: domainsOf([]string{domain})}
	}
	orgs := []Org{
		crm("1", "Acme", "acme-tools.com"), customer("8", "Acme"), desk("5", "Acme", "acme-tools.com"),
		crm("2", "Zeta", "zeta-tools.com"), customer("9", "Zeta"), desk("6", "Zeta", "zeta-tools.com"),
		{ID: "app:p:org:3", List: "app:p", Name: "Zeta", Domains: domainsOf([]string{"zeta-tools.com"})},
	}
	links := []Link{{"billing:b:org:8", "crm:a:org:1", Reference}, {"billing:b:org:9", "crm:a:org:2", Reference}}
	require.Len(t, companies(Solve(Evidence{Orgs: orgs, Links: links})), 2)
	s := Solve(Evidence{Orgs: orgs, Links: append(links, Link{"billing:b:org:8", "billing:b:org:9", Manual})})
	require.Equal(t, [][]string{{"app:p:org:3", "billing:b:org:8", "billing:b:org:9", "crm:a:org:1", "crm:a:org:2", "desk:d:org:5", "desk:d:org:6"}}, companies(s))
	require.Equal(t, "app:p:org:3", s.ownerID("zeta-tools.com"))
	require.Equal(t, "app:p:org:3", s.ownerID("acme-tools.com"))
	s = Solve(Evidence{Orgs: append(orgs, desk("7", "Zeta Labs", "zeta-tools.com")), Links: append(links, Link{"billing:b:org:8", "billing:b:org:9", Manual})})
	require.NotEqual(t, s.Of[len(s.Of)-1], s.Of[len(s.Of)-2], "of Zeta Labs nobody said anything")

	sales := func(id, name string, domains ...string) Org {
		return Org{ID: "sales:s:org:" + id, List: "sales:s", IsKept: true, Name: name, Domains: domainsOf(domains)}
	}
	orgs = []Org{crm("1", "Acme", "acme-tools.com"), sales("1", "Acme", "acme-tools.com"), sales("2", "Yota"), sales("3", "Zeta", "zeta-tools.com")}
	s = Solve(Evidence{Orgs: orgs, Links: []Link{{"sales:s:org:2", "sales:s:org:1", Merge}, {"crm:a:org:1", "sales:s:org:3", Manual}}})
	require.Len(t, companies(s), 1, "Acme bought Yota in the one list, and Zeta in the other")
	require.Len(t, s.Of, 4)
	require.Equal(t, []int32{0, 0, 0, 0}, s.Of)
}

func TestSolve_keepsApartWhatWasDecided(t *testing.T) {
	orgs := []Org{crm("1", "Acme", "acme-tools.com"), customer("9", "Acme", "acme-tools.com"), customer("8", "Acme", "acme-tools.com")}
	s := Solve(Evidence{Orgs: orgs, Apart: [][2]string{{"billing:b:org:9", "crm:a:org:1"}}})
	require.Equal(t, [][]string{{"billing:b:org:8", "crm:a:org:1"}}, companies(s))
	require.NotContains(t, s.Suggestions, Suggestion{"billing:b:org:9", "crm:a:org:1", "name"}, "decided already")
}

func TestSolve_leavesTheDomainToTheCompanyThatWasLeft(t *testing.T) {
	helpdesk := Org{ID: "desk:d:org:5", List: "desk:d", IsKept: true, Name: "Acme", Domains: domainsOf([]string{"acme-tools.com"})}
	orgs := []Org{crm("1", "Acme", "acme-tools.com"), customer("8", "Acme", "acme-tools.com"), customer("9", "Acme", "acme-tools.com"), helpdesk}
	s := Solve(Evidence{Orgs: orgs, Apart: [][2]string{{"desk:d:org:5", "crm:a:org:1"}, {"desk:d:org:5", "billing:b:org:8"}, {"billing:b:org:9", "crm:a:org:1"}, {"billing:b:org:9", "billing:b:org:8"}}})
	require.Equal(t, [][]string{{"billing:b:org:8", "crm:a:org:1"}, {"billing:b:org:9", "desk:d:org:5"}}, companies(s))
	require.Equal(t, "billing:b:org:8", s.ownerID("acme-tools.com"), "the first org of the company that stayed")

	s = Solve(Evidence{Orgs: orgs, Apart: [][2]string{{"crm:a:org:1", "desk:d:org:5"}, {"desk:d:org:5", "crm:a:org:1"}}})
	require.NotEqual(t, s.Of[2], s.Of[3], "who left each other are two")
}

func TestSolve_keepsAGroupsCompaniesApart(t *testing.T) {
	daughter := crm("2", "Acme Research", "acme-tools.com", "research.acme-tools.com")
	daughter.Parent = "crm:a:org:1"
	s := Solve(Evidence{Orgs: []Org{crm("1", "Acme", "acme-tools.com"), daughter, customer("9", "Acme", "acme-tools.com")}})
	require.Equal(t, [][]string{{"billing:b:org:9", "crm:a:org:1"}}, companies(s))
	require.Equal(t, "billing:b:org:9", s.ownerID("acme-tools.com"), "the owner's")
	require.Equal(t, "crm:a:org:2", s.ownerID("x.research.acme-tools.com"), "the longest suffix")
}

func TestSolve_givesADomainOfSeveralEntriesToTheOnlyCustomer(t *testing.T) {
	one, other := crm("1", "Acme", "acme-tools.com"), crm("2", "Zeta", "acme-tools.com")
	s := Solve(Evidence{Orgs: []Org{one, other, customer("9", "", "acme-tools.com")}})
	require.Empty(t, companies(s))
	require.Empty(t, s.ownerID("acme-tools.com"), "nobody can say")
	require.Equal(t, []Suggestion{{"crm:a:org:1", "crm:a:org:2", "domain acme-tools.com"}}, s.Suggestions)
	other.IsCustomer = true
	s = Solve(Evidence{Orgs: []Org{one, other, customer("9", "", "acme-tools.com")}})
	require.Equal(t, [][]string{{"billing:b:org:9", "crm:a:org:2"}}, companies(s))
}

func TestSolve_joinsDuplicatesOfOneNameAndDomain(t *testing.T) {
	s := Solve(Evidence{Orgs: []Org{crm("1", "Acme GmbH", "acme-tools.com"), crm("2", "ACME", "acme-tools.com"), crm("3", "", "acme-tools.com")}})
	require.Equal(t, [][]string{{"crm:a:org:1", "crm:a:org:2", "crm:a:org:3"}}, companies(s))
}

func TestSolve_believesStaffOnAListedDomainOnlyOfItsNamesake(t *testing.T) {
	s := Solve(Evidence{Orgs: []Org{crm("1", "Baker's", "gmail.com"), crm("2", "Yahoo Inc", "yahoo.com"), customer("9", "Joe", "gmail.com"), customer("8", "Jim", "yahoo.com")}})
	require.Empty(t, s.ownerID("gmail.com"))
	require.Equal(t, "billing:b:org:8", s.ownerID("yahoo.com"))
	require.Equal(t, [][]string{{"billing:b:org:8", "crm:a:org:2"}}, companies(s))
}

func TestSolve_takesAResellersDomainForNobodys(t *testing.T) {
	var orgs []Org
	for i := range maxCustomers + 1 {
		orgs = append(orgs, customer(fmt.Sprint(i), fmt.Sprint("Client ", i), "reseller-tools.com"))
	}
	s := Solve(Evidence{Orgs: orgs})
	require.Empty(t, companies(s))
	require.Empty(t, s.Domains)
	require.Len(t, companies(Solve(Evidence{Orgs: orgs[1:]})), 1)
}

func TestSolve_givesTheSameForAnyOrder(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	var orgs []Org
	var links []Link
	for i := range 200 {
		org := crm(fmt.Sprint(i), fmt.Sprint("Name ", dice.IntN(80)), fmt.Sprintf("d%d-tools.com", dice.IntN(60)))
		if i%2 == 0 {
			org = customer(fmt.Sprint(i), org.Name, org.Domains[0].Name)
		}
		orgs = append(orgs, org)
		if i > 0 && dice.IntN(10) == 0 {
			links = append(links, Link{org.ID, orgs[dice.IntN(i)].ID, Merge})
		}
	}
	want := Solve(Evidence{Orgs: orgs, Links: links})
	for range 20 {
		dice.Shuffle(len(orgs), func(i, j int) { orgs[i], orgs[j] = orgs[j], orgs[i] })
		dice.Shuffle(len(links), func(i, j int) { links[i], links[j] = links[j], links[i] })
		require.Equal(t, want, Solve(Evidence{Orgs: orgs, Links: links}))
	}
}

func TestReadDomain_readsWhatSourcesWrite(t *testing.T) {
	for text, want := range map[string]string{
		"Acme-Tools.com": "acme-tools.com", "https://www.acme-tools.com/about?x=1": "acme-tools.com", "acme-tools.com:8080": "acme-tools.com",
		"ann@acme-tools.com": "acme-tools.com", "münchen-tools.de": "xn--mnchen-tools-dlb.de",
		"": "", "localhost": "", "192.168.0.1": "", "not a domain": "", "-": "",
	} {
		d, ok := readDomain(text)
		require.Equal(t, want != "", ok, text)
		require.Equal(t, want, d.Name, text)
	}
}

func FuzzReadDomain(f *testing.F) {
	for _, seed := range []string{"acme.com", "https://[::1]/x", "a b", "%zz", "xn--"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, ok := readDomain(text); ok {
			again, ok := readDomain(d.Name)
			require.True(t, ok, "%q", d.Name)
			require.Equal(t, d, again)
		}
	})
}
