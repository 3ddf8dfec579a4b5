package identity_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/identity"
)

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

func TestSolve_asksNobodyWhatWasDecided(t *testing.T) {
	e := newEvidence()
	e.claim("forum/a", "a@acme.com", identity.Self)
	e.claim("crm/a", "a@acme.com", identity.Self)
	e.claim("crm/a", "b@acme.com", identity.Staff)
	e.claim("desk/a", "b@acme.com", identity.Staff)
	require.Len(t, identity.Solve(&e.Evidence).Suggestions, 1)
	e.apart("forum/a", "desk/a")
	s := identity.Solve(&e.Evidence)
	require.Equal(t, []string{"crm/a desk/a", "forum/a"}, e.people(s))
	require.Empty(t, s.Suggestions, "a person is who the decision was about, not a login")
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

func TestSolve_keepsEachHalfOfASplitWhole(t *testing.T) {
	for _, half := range [][2][]string{{{"a/1", "a/2"}, {"b/3", "b/4", "b/5"}}, {{"b/3", "b/4", "b/5"}, {"a/1", "a/2"}}} {
		e := newEvidence()
		for _, name := range []string{"a/1", "a/2", "b/3", "b/4", "b/5"} {
			e.claim(name, "x@acme.com", identity.Verified)
		}
		for _, leaving := range half[0] {
			for _, staying := range half[1] {
				e.apart(leaving, staying)
			}
		}
		require.Equal(t, []string{"a/1 a/2", "b/3 b/4 b/5"}, e.solve(), "whoever comes first")
		e.claim("c/6", "x@acme.com", identity.Self)
		s := identity.Solve(&e.Evidence)
		require.Equal(t, []string{"a/1 a/2", "b/3 b/4 b/5", "c/6"}, e.people(s), "nobody can tell whose it is")
		require.Len(t, s.Suggestions, 1)
	}
}
