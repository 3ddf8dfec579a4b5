package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/identity"
)

// had has a record say that a login had an address over a time.
func (l *lake) had(id, address, from, until string) {
	l.put("identity_evidence", recordOf(id)+"-"+address, map[string]string{"identity_id": quoted(id), "id_type": "'email'", "value": quoted(address),
		"seen_from": "timestamp " + quoted(from), "seen_until": "cast(" + quoted(until) + " as timestamp)"})
}

// A contact is read as gone for the first time long after it went: what is said
// of its address counts, not when somebody looked.
func TestResolve_endsAGoneContactsClaimWhenItEnded(t *testing.T) {
	l := newLake(t, 2)
	gone := map[string]string{"identity_id": "'crm:main:7'", "email": "'sales7@acme.com'", "created_at": "timestamp '2024-01-01'", "deleted_at": "timestamp '2026-05-30'"}
	l.put("identity", "crm:main:users:7", gone)
	l.login("forum:main:1", "sales7@acme.com", "Bob")
	l.build()
	require.Equal(t, []string{"crm:7 forum:1"}, l.people(), "nobody knows better")
	l.had("crm:main:7", "Sales7@acme.com", "2024-01-01", "2025-01-01")
	l.build()
	require.Equal(t, []string{"crm:7", "forum:1"}, l.people(), "the address is another's by now")
	delete(gone, "deleted_at")
	l.put("identity", "crm:main:users:7", gone)
	l.build()
	require.Equal(t, []string{"crm:7 forum:1"}, l.people(), "it was not gone: it has the address still")
}

// An address that was given to somebody else is no step on a way, also where
// two of its owners are one person by other evidence.
func TestWhy_takesNoStepOverARecycledAddress(t *testing.T) {
	l := newLake(t, 2)
	l.login("crm:main:7", "", "Ann")
	l.login("crm:main:8", "", "Ann")
	l.login("forum:main:1", "", "Ann")
	l.had("crm:main:7", "desk7@acme.com", "2024-01-01", "2025-01-01")
	l.had("forum:main:1", "desk7@acme.com", "2026-01-01", "")
	for _, id := range []string{"crm:main:7", "crm:main:8"} {
		l.had(id, "ann@acme.com", "2024-01-01", "")
	}
	for _, id := range []string{"crm:main:8", "forum:main:1"} {
		l.had(id, "lee@acme.com", "2024-01-01", "")
	}
	l.build()
	require.Equal(t, []string{"crm:7 crm:8 forum:1"}, l.people())
	way, err := identity.Why(t.Context(), l.db.SQL(), "crm:main:7", "forum:main:1")
	require.NoError(t, err)
	require.Len(t, way, 2)
	require.Equal(t, []string{"ann@acme.com", "lee@acme.com"}, []string{way[0].Value, way[1].Value})

	l.had("crm:main:7", "desk7@acme.com", "2024-01-01", "2025-11-01")
	l.build()
	way, err = identity.Why(t.Context(), l.db.SQL(), "crm:main:7", "forum:main:1")
	require.NoError(t, err)
	require.Len(t, way, 1, "it changed hands within the days of grace")
}

func TestWhy_showsTheAddressWithoutItsTag(t *testing.T) {
	l := newLake(t, 2)
	l.login("crm:main:7", "ann+crm@acme.com", "Ann")
	l.login("forum:main:1", "ann@acme.com", "Ann")
	l.login("forum:main:2", "ann+forum@acme.com", "Ann")
	l.build()
	require.Equal(t, []string{"crm:7 forum:1 forum:2"}, l.people())
	for _, pair := range [][2]string{{"crm:main:7", "forum:main:1"}, {"crm:main:7", "forum:main:2"}} {
		way, err := identity.Why(t.Context(), l.db.SQL(), pair[0], pair[1])
		require.NoError(t, err)
		require.Len(t, way, 1)
		require.Equal(t, "ann@acme.com", way[0].Value)
	}
	l.remove("forum:main:users:1")
	l.build()
	require.Equal(t, []string{"crm:7", "forum:1", "forum:2"}, l.people(), "nobody has the address any more")
	l.had("crm:main:7", "ann@acme.com", "2024-01-01", "2024-02-01")
	l.had("forum:main:2", "ann@acme.com", "2024-03-01", "2024-04-01")
	l.build()
	require.Equal(t, []string{"crm:7 forum:2", "forum:1"}, l.people(), "they had it, and have their tags")
	way, err := identity.Why(t.Context(), l.db.SQL(), "crm:main:7", "forum:main:2")
	require.NoError(t, err)
	require.Len(t, way, 1)
}
