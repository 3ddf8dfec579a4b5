package identity_test

import (
	"fmt"
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
