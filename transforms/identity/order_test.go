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
