package identity_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/identity"
)

// One helpdesk login shows the addresses of two people, each with a user of the
// product and records that staff entered. Whatever the order of keys, the two
// stay whole; the login goes with one of them, and whose it is is asked.
func TestSolve_keepsWholeTwoWhoClaimOneLogin(t *testing.T) {
	for n := range 64 {
		e := newEvidence()
		shared := fmt.Sprint("helpdesk/s", n)
		whole := map[string]string{}
		for _, who := range []string{"ann", "bob"} {
			box := fmt.Sprint(who, n, "@acme.com")
			user := fmt.Sprintf("product/%s%d", who, n)
			e.claim(user, box, identity.Verified)
			e.claim(user, fmt.Sprint("subject", who, n), identity.Verified)
			e.value(fmt.Sprint("subject", who, n), subjectOf(5))
			e.claim(fmt.Sprintf("crm/%s%d", who, n), box, identity.Staff)
			e.claim(fmt.Sprintf("surveys/%s%d", who, n), box, identity.Staff)
			e.claim(fmt.Sprintf("git/%s%d", who, n), box, identity.Self)
			e.claim(shared, box, identity.Verified)
			whole[who] = fmt.Sprintf("crm/%[1]s%[2]d git/%[1]s%[2]d product/%[1]s%[2]d surveys/%[1]s%[2]d", who, n)
		}
		s := identity.Solve(&e.Evidence)
		people := e.people(s)
		require.Len(t, people, 2, people)
		for _, person := range people {
			who := strings.TrimPrefix(person, "crm/")[:3]
			require.Equal(t, whole[who], strings.Replace(person, shared+" ", "", 1))
		}
		require.Len(t, s.Refusals, 1)
		require.Equal(t, identity.OtherSubject, s.Refusals[0].Rule)
		require.Contains(t, e.refusals(s)[0], shared)
		require.Len(t, s.Suggestions, 1, "whose the login is")
		require.Contains(t, e.suggestions(s)[0], shared)
		tiers := map[uint8]int{}
		for _, tier := range s.Tier {
			tiers[tier]++
		}
		require.Equal(t, map[uint8]int{1: 2, 2: 5, 3: 2}, tiers, "the login and a user by what both verified")
	}
}
