package identity_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/identity"
)

// evidence is written down with names, whose places in the alphabet are the
// keys.
type evidence struct {
	identity.Evidence
	logins, values map[string]int32
}

func newEvidence() *evidence {
	return &evidence{logins: map[string]int32{}, values: map[string]int32{}}
}

func keyOf(name string) uint64 {
	key := uint64(14695981039346656037)
	for _, b := range []byte(name) {
		key = (key ^ uint64(b)) * 1099511628211
	}
	return key
}

// login is "source/name"; every source is an instance.
func (e *evidence) login(name string, with ...func(*identity.Login)) int32 {
	at, found := e.logins[name]
	if !found {
		source, _, _ := strings.Cut(name, "/")
		at = int32(len(e.Logins))
		e.logins[name] = at
		e.Logins = append(e.Logins, identity.Login{Key: keyOf(name), Instance: uint16(keyOf(source) % 4096)})
	}
	for _, set := range with {
		set(&e.Logins[at])
	}
	return at
}

func (e *evidence) value(name string, with ...func(*identity.Value)) int32 {
	at, found := e.values[name]
	if !found {
		at = int32(len(e.Values))
		e.values[name] = at
		e.Values = append(e.Values, identity.Value{Key: keyOf(name)})
	}
	for _, set := range with {
		set(&e.Values[at])
	}
	return at
}

func (e *evidence) claim(login, value string, trust identity.Trust) *identity.Claim {
	e.Claims = append(e.Claims, identity.Claim{Login: e.login(login), Value: e.value(value), Trust: trust})
	return &e.Claims[len(e.Claims)-1]
}

func (e *evidence) apart(a, b string) {
	e.NotSame = append(e.NotSame, [2]int32{e.login(a), e.login(b)})
}

func (e *evidence) same(a, b string, rule identity.Rule) {
	e.Same = append(e.Same, identity.Same{A: e.login(a), B: e.login(b), Rule: rule})
}

func customerOf(company uint32) func(*identity.Login) {
	return func(l *identity.Login) { l.Company, l.IsCustomer = company, true }
}

func subjectOf(issuer uint32) func(*identity.Value) {
	return func(v *identity.Value) { v.Type, v.Issuer = identity.Subject, issuer }
}

// people lists the people as "a b", each with its logins in order.
func (e *evidence) people(s *identity.Solution) []string {
	members := map[int32][]string{}
	for name, at := range e.logins {
		members[s.Label[at]] = append(members[s.Label[at]], name)
	}
	var people []string
	for _, names := range members {
		slices.Sort(names)
		people = append(people, strings.Join(names, " "))
	}
	slices.Sort(people)
	return people
}

func (e *evidence) solve() []string { return e.people(identity.Solve(&e.Evidence)) }

// refusals lists "a b rule".
func (e *evidence) refusals(s *identity.Solution) []string {
	var list []string
	for _, r := range s.Refusals {
		list = append(list, fmt.Sprintf("%s %s %s", e.name(r.Login), e.name(r.Other), r.Rule))
	}
	slices.Sort(list)
	return list
}

func (e *evidence) suggestions(s *identity.Solution) []string {
	var list []string
	for _, r := range s.Suggestions {
		pair := []string{e.name(r.A), e.name(r.B)}
		slices.Sort(pair)
		list = append(list, strings.Join(pair, " ")+" "+r.Rule.String())
	}
	slices.Sort(list)
	return list
}

func (e *evidence) name(login int32) string {
	for name, at := range e.logins {
		if at == login {
			return name
		}
	}
	return "?"
}

func TestSolve_linksByTiersOfTrust(t *testing.T) {
	for _, c := range []struct {
		a, b identity.Trust
		tier uint8
	}{
		{identity.Verified, identity.Verified, 1},
		{identity.Verified, identity.Staff, 2},
		{identity.Staff, identity.Staff, 2},
		{identity.Verified, identity.Self, 3},
		{identity.Staff, identity.Self, 3},
	} {
		e := newEvidence()
		e.claim("forum/a", "a@acme.com", c.a)
		e.claim("crm/a", "a@acme.com", c.b)
		s := identity.Solve(&e.Evidence)
		require.Equal(t, []string{"crm/a forum/a"}, e.people(s))
		require.Equal(t, []uint8{c.tier, c.tier}, s.Tier)
	}
	e := newEvidence()
	e.claim("forum/a", "a@acme.com", identity.Self)
	e.claim("crm/a", "a@acme.com", identity.Self)
	s := identity.Solve(&e.Evidence)
	require.Equal(t, []string{"crm/a", "forum/a"}, e.people(s), "nobody vouches for either")
	require.Equal(t, []string{"crm/a forum/a self_asserted"}, e.suggestions(s))
}

func TestSolve_takesASelfAssertedAddressOnlyFromOne(t *testing.T) {
	e := newEvidence()
	e.claim("crm/a", "a@acme.com", identity.Staff)
	e.claim("github/x", "a@acme.com", identity.Self)
	e.claim("survey/y", "a@acme.com", identity.Self)
	s := identity.Solve(&e.Evidence)
	require.Equal(t, []string{"crm/a", "github/x", "survey/y"}, e.people(s))
	require.Equal(t, []string{"crm/a github/x contested", "crm/a survey/y contested"}, e.suggestions(s))
}

func TestSolve_givesTheWeakestTierOfTheBestWay(t *testing.T) {
	e := newEvidence()
	e.claim("a/1", "one@x.com", identity.Verified)
	e.claim("b/2", "one@x.com", identity.Verified)
	e.claim("b/2", "two@x.com", identity.Staff)
	e.claim("c/3", "two@x.com", identity.Staff)
	e.claim("c/3", "sub", identity.Verified)
	e.claim("a/1", "sub", identity.Verified)
	e.value("sub", subjectOf(7))
	s := identity.Solve(&e.Evidence)
	require.Len(t, e.people(s), 1)
	tiers := map[uint8]int{}
	for _, tier := range s.Tier {
		tiers[tier]++
	}
	require.Equal(t, map[uint8]int{0: 2, 1: 1}, tiers, "the subject is better than the address that staff entered")
}

func TestSolve_takesAWidelySharedAddressForASharedMailbox(t *testing.T) {
	e := newEvidence()
	for i := range 5000 {
		name := fmt.Sprintf("crm/%d", i)
		e.claim(name, "support@acme.com", identity.Staff)
		e.claim(name, fmt.Sprintf("p%d@acme.com", i), identity.Staff)
		e.claim(fmt.Sprintf("forum/%d", i), fmt.Sprintf("p%d@acme.com", i), identity.Verified)
	}
	s := identity.Solve(&e.Evidence)
	require.Len(t, e.people(s), 5000)
	require.Equal(t, []int32{e.value("support@acme.com")}, s.Generic)

	e.NamesAgree = func(int32, []int32) bool { return true }
	s = identity.Solve(&e.Evidence)
	require.Empty(t, s.Generic, "they are one human's, by their names")
	require.NotEmpty(t, s.Refusals, "but no human has five thousand logins")
}

func TestSolve_sparesDuplicatesOfOneHuman(t *testing.T) {
	e := newEvidence()
	for i := range 5 {
		e.claim(fmt.Sprintf("crm/%d", i), "ann@acme.com", identity.Staff)
	}
	require.Len(t, e.solve(), 5)
	e.NamesAgree = func(int32, []int32) bool { return true }
	require.Len(t, e.solve(), 1)
}

func TestSolve_givesARecycledAddressToItsNewOwner(t *testing.T) {
	for _, c := range []struct {
		from   int32
		people []string
	}{{1089, []string{"crm/old crm/new"}}, {1091, []string{"crm/new", "crm/old"}}} {
		e := newEvidence()
		e.claim("crm/old", "j@acme.com", identity.Staff).Until = 1000
		e.claim("crm/new", "j@acme.com", identity.Staff).From = c.from
		people := e.solve()
		require.Len(t, people, len(c.people), "%d days after", c.from-1000)
		e.same("crm/old", "crm/new", identity.Decided)
		require.Len(t, e.solve(), 1, "unless it is said outright")
	}
}

func TestSolve_joinsATaggedAddressToOneThatWasSeen(t *testing.T) {
	e := newEvidence()
	e.claim("forum/a", "a+forum@acme.com", identity.Verified)
	e.claim("crm/a", "a@acme.com", identity.Staff)
	require.Len(t, e.solve(), 2)
	e.Tagged = map[int32]int32{e.value("a+forum@acme.com"): e.value("a@acme.com")}
	require.Len(t, e.solve(), 1)
}

func TestSolve_keepsConsultantsApart(t *testing.T) {
	e := newEvidence()
	e.claim("forum/c", "c@consult.com", identity.Verified)
	for i := range uint32(2) {
		name := fmt.Sprintf("crm/%d", i)
		e.claim(name, "c@consult.com", identity.Staff)
		e.login(name, customerOf(i+1))
	}
	s := identity.Solve(&e.Evidence)
	require.Len(t, e.people(s), 2, "one client's contact is the consultant, the other is for a person to decide")
	require.Len(t, s.Refusals, 1)
	require.Equal(t, identity.OtherCompany, s.Refusals[0].Rule)
	require.Len(t, s.Suggestions, 1)

	e.claim("crm/third", "c@consult.com", identity.Staff)
	e.login("crm/third", customerOf(3))
	s = identity.Solve(&e.Evidence)
	require.Len(t, e.people(s), 4, "an address of three companies is nobody's")
	require.Len(t, s.Generic, 1)

	e.same("crm/0", "crm/1", identity.Decided)
	require.Len(t, e.solve(), 3)
}

func TestSolve_mergesDuplicateContactsOfOneCompany(t *testing.T) {
	e := newEvidence()
	for _, name := range []string{"crm/1", "crm/2"} {
		e.claim(name, "a@acme.com", identity.Staff)
		e.login(name, customerOf(9))
	}
	require.Len(t, e.solve(), 1)
}

func TestSolve_followsAChainOfMerges(t *testing.T) {
	e := newEvidence()
	for i := range 40 {
		e.same(fmt.Sprintf("crm/%d", i), fmt.Sprintf("crm/%d", i+1), identity.Merged)
		e.login(fmt.Sprintf("crm/%d", i), customerOf(uint32(i)+1))
	}
	e.claim("crm/40", "a@acme.com", identity.Staff)
	e.claim("forum/a", "a@acme.com", identity.Verified)
	s := identity.Solve(&e.Evidence)
	require.Len(t, e.people(s), 1, "records that a source merged are one record")
	require.Empty(t, s.Refusals)
}

func TestSolve_keepsNamesakesAtOneCompanyApart(t *testing.T) {
	e := newEvidence()
	e.claim("crm/1", "j.smith@acme.com", identity.Staff)
	e.claim("crm/2", "john.smith@acme.com", identity.Staff)
	e.NamesAgree = func(int32, []int32) bool { return true }
	require.Len(t, e.solve(), 2)
}

func TestSolve_keepsBotsFromHumans(t *testing.T) {
	e := newEvidence()
	e.claim("forum/ci", "a@acme.com", identity.Verified)
	e.claim("crm/a", "a@acme.com", identity.Staff)
	e.login("forum/ci", func(l *identity.Login) { l.IsBot = true })
	s := identity.Solve(&e.Evidence)
	require.Len(t, e.people(s), 2)
	require.Equal(t, identity.BotAndHuman, s.Refusals[0].Rule)
}

func TestSolve_refusesASecondSubjectOfOneIssuer(t *testing.T) {
	e := newEvidence()
	for _, who := range []string{"1", "2"} {
		e.claim("forum/"+who, "sso"+who, identity.Verified)
		e.value("sso"+who, subjectOf(5))
		e.claim("forum/"+who, "shared@acme.com", identity.Verified)
	}
	s := identity.Solve(&e.Evidence)
	require.Equal(t, []string{"forum/1", "forum/2"}, e.people(s))
	require.Equal(t, identity.OtherSubject, s.Refusals[0].Rule)
}

func TestSolve_obeysDecisions(t *testing.T) {
	e := newEvidence()
	e.claim("a/1", "x@acme.com", identity.Verified)
	e.claim("b/2", "x@acme.com", identity.Verified)
	e.claim("c/3", "x@acme.com", identity.Verified)
	e.apart("a/1", "b/2")
	s := identity.Solve(&e.Evidence)
	require.Len(t, e.people(s), 2)
	require.Equal(t, identity.NotSamePerson, s.Refusals[0].Rule)
	e.NotSame = nil
	require.Len(t, e.solve(), 1)
}

func TestSolve_refusesTooMuchForOnePerson(t *testing.T) {
	e := newEvidence()
	for i := range 30 {
		e.claim(fmt.Sprintf("s%d/%d", i, i), fmt.Sprintf("a%d@x.com", i), identity.Verified)
		e.claim(fmt.Sprintf("s%d/%d", i, i), fmt.Sprintf("a%d@x.com", i+1), identity.Verified)
	}
	s := identity.Solve(&e.Evidence)
	require.Greater(t, len(e.people(s)), 2)
	for _, person := range e.people(s) {
		require.LessOrEqual(t, len(strings.Fields(person)), 11)
	}
	require.Equal(t, identity.TooManyBoxes, s.Refusals[0].Rule)
}

func TestSolve_leavesWithoutConsentAlone(t *testing.T) {
	e := newEvidence()
	e.claim("forum/a", "a@acme.com", identity.Verified)
	e.claim("crm/a", "a@acme.com", identity.Staff)
	e.same("forum/a", "crm/a", identity.Reference)
	e.login("forum/a", func(l *identity.Login) { l.NoLink = true })
	require.Len(t, e.solve(), 2)
}

func TestSolve_suggestsWhoMayShareAMailbox(t *testing.T) {
	e := newEvidence()
	e.claim("forum/a", "info@gmail.com", identity.Verified)
	e.claim("crm/a", "info@gmail.com", identity.Staff)
	e.value("info@gmail.com", func(v *identity.Value) { v.Class = identity.Doubtful })
	s := identity.Solve(&e.Evidence)
	require.Len(t, e.people(s), 2)
	require.Equal(t, []string{"crm/a forum/a shared_mailbox"}, e.suggestions(s))
	e.value("info@gmail.com", func(v *identity.Value) { v.Class = identity.Barred })
	require.Empty(t, identity.Solve(&e.Evidence).Suggestions)
}

// shuffled is the same evidence with other numbers in another order.
func (e *evidence) shuffled(random *rand.Rand) *evidence {
	login, value := random.Perm(len(e.Logins)), random.Perm(len(e.Values))
	mixed := newEvidence()
	mixed.Instances, mixed.NamesAgree = e.Instances, e.NamesAgree
	mixed.Logins, mixed.Values = make([]identity.Login, len(e.Logins)), make([]identity.Value, len(e.Values))
	for name, at := range e.logins {
		mixed.logins[name] = int32(login[at])
		mixed.Logins[login[at]] = e.Logins[at]
	}
	for name, at := range e.values {
		mixed.values[name] = int32(value[at])
		mixed.Values[value[at]] = e.Values[at]
	}
	for _, c := range e.Claims {
		c.Login, c.Value = int32(login[c.Login]), int32(value[c.Value])
		mixed.Claims = append(mixed.Claims, c)
	}
	for _, s := range e.Same {
		mixed.Same = append(mixed.Same, identity.Same{A: int32(login[s.B]), B: int32(login[s.A]), Rule: s.Rule})
	}
	for _, pair := range e.NotSame {
		mixed.NotSame = append(mixed.NotSame, [2]int32{int32(login[pair[1]]), int32(login[pair[0]])})
	}
	random.Shuffle(len(mixed.Claims), func(i, j int) { mixed.Claims[i], mixed.Claims[j] = mixed.Claims[j], mixed.Claims[i] })
	random.Shuffle(len(mixed.Same), func(i, j int) { mixed.Same[i], mixed.Same[j] = mixed.Same[j], mixed.Same[i] })
	return mixed
}

// randomEvidence breaks rules often.
func randomEvidence(random *rand.Rand) *evidence {
	e := newEvidence()
	logins, values := 40+random.IntN(60), 20+random.IntN(60)
	name := func() string { n := random.IntN(logins); return fmt.Sprintf("s%d/%d", n%5, n) }
	for range 150 {
		value := random.IntN(values)
		c := e.claim(name(), fmt.Sprint("v", value), identity.Trust(1+random.IntN(3)))
		if value%5 == 0 {
			e.value(fmt.Sprint("v", value), subjectOf(uint32(value%3)))
		}
		if random.IntN(5) == 0 {
			c.Until = int32(1 + random.IntN(1000))
		}
		c.From = int32(random.IntN(1000))
	}
	for range random.IntN(8) {
		e.apart(name(), name())
		e.same(name(), name(), identity.Rule(1+random.IntN(3)))
	}
	for range random.IntN(20) {
		e.login(name(), customerOf(uint32(1+random.IntN(3))))
	}
	e.login(name(), func(l *identity.Login) { l.NoLink = true })
	e.login(name(), func(l *identity.Login) { l.IsBot = true })
	return e
}

func TestSolve_doesNotDependOnTheOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	guarded := 0
	for round := range 300 {
		e := randomEvidence(random)
		s := identity.Solve(&e.Evidence)
		guarded += len(s.Refusals)
		for range 3 {
			mixed := e.shuffled(random)
			again := identity.Solve(&mixed.Evidence)
			require.Equal(t, e.people(s), mixed.people(again), "round %d", round)
			require.Equal(t, e.refusals(s), mixed.refusals(again), "round %d", round)
			require.Equal(t, e.suggestions(s), mixed.suggestions(again), "round %d", round)
		}
	}
	require.Greater(t, guarded, 300, "the evidence breaks rules")
}

func TestSolve_reachesAllThatAChangeCanReach(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 100 {
		e := randomEvidence(random)
		s := identity.Solve(&e.Evidence)
		part := newEvidence()
		chosen := s.Reach[random.IntN(len(e.Logins))]
		for name, at := range e.logins {
			if s.Reach[at] == chosen {
				part.login(name)
				part.Logins[part.logins[name]] = e.Logins[at]
			}
		}
		for _, c := range e.Claims {
			if s.Reach[c.Login] == chosen {
				*part.claim(e.name(c.Login), valueName(e, c.Value), c.Trust) = identity.Claim{Login: part.login(e.name(c.Login)),
					Value: part.value(valueName(e, c.Value), func(v *identity.Value) { *v = e.Values[c.Value] }), From: c.From, Until: c.Until, Trust: c.Trust}
			}
		}
		for _, same := range e.Same {
			if s.Reach[same.A] == chosen {
				part.same(e.name(same.A), e.name(same.B), same.Rule)
			}
		}
		for _, pair := range e.NotSame {
			if s.Reach[pair[0]] == chosen && s.Reach[pair[1]] == chosen {
				part.apart(e.name(pair[0]), e.name(pair[1]))
			}
		}
		whole := slices.DeleteFunc(e.people(s), func(person string) bool { return s.Reach[e.logins[strings.Fields(person)[0]]] != chosen })
		require.Equal(t, whole, part.solve(), "round %d", round)
	}
}

func valueName(e *evidence, value int32) string {
	for name, at := range e.values {
		if at == value {
			return name
		}
	}
	return "?"
}
