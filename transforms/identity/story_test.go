package identity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity"
)

func (l *lake) decide(fn func(tx *warehouse.Tx, by identity.Deciding) error) error {
	by := identity.Deciding{Actor: "me", Reason: "I know them", Now: l.now}
	return l.db.Lake.Write(context.Background(), func(tx *warehouse.Tx) error { return fn(tx, by) })
}

func TestResolve_supportOnFiveThousandContactsChangesNobody(t *testing.T) {
	l := newLake(t, 2)
	l.exec(`insert into lake.staging.identity by name
select source || ':main:users:' || n as record, source || ':main:' || n as identity_id, 'p' || n || '@acme.com' as email, timestamp '2026-01-01' as first_seen_at
from range(5000) as r(n), (values ('crm'), ('forum')) as s(source)`)
	l.resolveRows(nil, nil, "lake.staging")
	people := l.number("select count(distinct person_id) from lake.identity.person_identity where unlinked_at is null")
	require.EqualValues(t, 5000, people)
	for _, address := range []string{"support@acme.com", "dublin@acme.com"} {
		l.exec(`insert into lake.staging.identity_evidence by name
select 'crm:main:users:' || n as record, 'crm:main:' || n as identity_id, 'email' as id_type, ? as value, timestamp '2026-01-01' as first_seen_at from range(5000) as r(n)`, address)
		l.resolveRows(nil, nil, "lake.staging")
		require.EqualValues(t, people, l.number("select count(distinct person_id) from lake.identity.person_identity where unlinked_at is null"), address)
	}
	require.Equal(t, []string{"dublin@acme.com|generic", "support@acme.com|role"}, l.rows("select norm, class from lake.vault.value where class <> 'unique' order by 1"))
}

func TestResolve_keepsAPersonWhoChangesJobs(t *testing.T) {
	l := newLake(t, 2)
	l.login("forum:main:1", "ann@old.com", "Ann Lee")
	l.login("crm:main:7", "ann@old.com", "Ann Lee")
	employ := func(org, until string) {
		l.put("org_membership", "crm:main:memberships:"+org, map[string]string{"identity_id": "'crm:main:7'", "org_id": quoted("crm:main:org:" + org), "basis": "'crm'", "valid_to": until})
	}
	employ("old", "null")
	l.build()
	person := l.personOf("forum:main:1")
	l.login("crm:main:7", "ann@new.com", "Ann Lee")
	employ("old", "timestamp '2026-06-01'")
	employ("new", "null")
	l.build()
	require.Equal(t, []string{"crm:7 forum:1"}, l.people(), "what linked them was true once")
	require.Equal(t, person, l.personOf("crm:main:7"))
	require.Equal(t, []string{"ann@new.com|true", "ann@old.com|true", "ann@old.com|false"},
		l.rows("select v.norm, o.seen_until is null from lake.identity.observation as o join lake.vault.value as v using (value_key) order by v.norm, o.seen_until nulls first"))
}

func TestResolve_splitsWhenABridgeIsErased(t *testing.T) {
	l := newLake(t, 2)
	l.login("forum:main:1", "a@acme.com", "Ann")
	l.login("crm:main:7", "b@acme.com", "Ann")
	l.put("identity_evidence", "git:main:users:x", map[string]string{"identity_id": "'crm:main:7'", "id_type": "'email'", "value": "'a@acme.com'", "trust": "'staff'"})
	l.build()
	require.Equal(t, []string{"crm:7 forum:1"}, l.people())
	require.NoError(t, identity.Offer(t.Context(), l.db, func(mailbox string) bool { return mailbox == "a@acme.com" }))
	for _, record := range []string{"forum:main:users:1", "git:main:users:x"} {
		l.dirty[record] = true
	}
	l.resolve(true, nil)
	require.Equal(t, []string{"crm:7 forum:1"}, l.people(), "until what was known of it is erased too")
	l.exec("delete from lake.identity.observation where value_key in (select v.value_key from lake.vault.value as v where v.norm = 'a@acme.com')")
	l.exec("delete from lake.vault.value where norm = 'a@acme.com'")
	l.exec("insert into lake.identity.pending values ('forum:main:1'), ('crm:main:7')")
	l.build()
	require.Equal(t, []string{"crm:7", "forum:1"}, l.people())
	l.resolve(true, nil)
	require.Equal(t, []string{"crm:7", "forum:1"}, l.people(), "and what is read again does not bring it back")
}

func TestResolve_oneLoginClaimedByTwoPeopleStaysWithTheBetterClaim(t *testing.T) {
	l := newLake(t, 2)
	for i, who := range []string{"ann", "bob"} {
		l.login(fmt.Sprint("forum:main:", i), who+"@acme.com", who)
		l.put("identity_evidence", fmt.Sprint("forum:main:users:", i), map[string]string{"identity_id": quoted(fmt.Sprint("forum:main:", i)), "id_type": "'subject'", "namespace": "'sso'", "value": quoted(who), "trust": "'verified'"})
	}
	l.login("git:main:x", "ann@acme.com", "x")
	l.put("identity_evidence", "git:main:users:x", map[string]string{"identity_id": "'git:main:x'", "id_type": "'email'", "value": "'bob@acme.com'", "trust": "'staff'"})
	l.build()
	require.Equal(t, []string{"forum:0", "forum:1 git:x"}, l.people(), "staff vouch for bob's address, only the login itself for ann's")
	require.Equal(t, []string{"other_subject"}, l.rows("select distinct rule from lake.identity.refusal"))
	obstacles, err := identity.WhyNot(t.Context(), l.db.SQL(), "git:main:x", "forum:main:0")
	require.NoError(t, err)
	require.Equal(t, "refusal", obstacles[0].Kind)
	require.Equal(t, "other_subject", obstacles[0].Detail)
}

func TestDecisions_surviveAndAreUndone(t *testing.T) {
	l := newLake(t, 2)
	l.login("forum:main:1", "a@acme.com", "Ann")
	l.login("crm:main:7", "b@acme.com", "Ann Lee")
	l.login("crm:main:8", "a@acme.com", "Ann Lea")
	l.build()
	require.Equal(t, []string{"crm:7", "crm:8 forum:1"}, l.people())

	var merged, split identity.Decision
	require.NoError(t, l.decide(func(tx *warehouse.Tx, by identity.Deciding) (err error) {
		merged, err = identity.Merge(t.Context(), tx, "forum:main:1", "crm:main:7", by)
		return err
	}))
	l.build()
	require.Equal(t, []string{"crm:7 crm:8 forum:1"}, l.people())
	way, err := identity.Why(t.Context(), l.db.SQL(), "crm:main:7", "crm:main:8")
	require.NoError(t, err)
	require.Len(t, way, 2)
	require.Equal(t, "decided", way[0].Rule)
	require.Equal(t, merged.ID, way[0].Decision.ID)
	require.Equal(t, "email a@acme.com 2 verified staff", fmt.Sprint(way[1].Rule, " ", way[1].Value, " ", way[1].Tier, " ", trustWord(way[1].FromSays), " ", trustWord(way[1].ToSays)))

	var against *identity.AgainstError
	require.ErrorAs(t, l.decide(func(tx *warehouse.Tx, by identity.Deciding) error {
		_, err := identity.Split(t.Context(), tx, []string{"crm:main:7"}, []string{"crm:main:8", "forum:main:1"}, by)
		return err
	}), &against)
	require.Equal(t, merged.ID, against.Earlier.ID)
	require.NoError(t, l.decide(func(tx *warehouse.Tx, by identity.Deciding) (err error) {
		split, err = identity.Split(t.Context(), tx, []string{"crm:main:8"}, []string{"crm:main:7", "forum:main:1"}, by)
		return err
	}))
	l.build()
	require.Equal(t, []string{"crm:7 forum:1", "crm:8"}, l.people())
	l.login("crm:main:8", "a@acme.com", "Ann L.")
	l.build()
	l.resolve(true, nil)
	require.Equal(t, []string{"crm:7 forum:1", "crm:8"}, l.people(), "what was decided survives the next sync")
	obstacles, err := identity.WhyNot(t.Context(), l.db.SQL(), "crm:main:8", "forum:main:1")
	require.NoError(t, err)
	require.Equal(t, "decision", obstacles[0].Kind)

	require.NoError(t, l.decide(func(tx *warehouse.Tx, by identity.Deciding) error {
		return identity.Undo(t.Context(), tx, split.ID, by)
	}))
	l.build()
	require.Equal(t, []string{"crm:7 crm:8 forum:1"}, l.people())
	require.ErrorContains(t, l.decide(func(tx *warehouse.Tx, by identity.Deciding) error {
		return identity.Undo(t.Context(), tx, split.ID, by)
	}), "no decision")
}

func TestDecisions_nameWhatStandsBetween(t *testing.T) {
	l := newLake(t, 1)
	decided := func(decide func(tx *warehouse.Tx, by identity.Deciding) (identity.Decision, error)) (d identity.Decision) {
		require.NoError(t, l.decide(func(tx *warehouse.Tx, by identity.Deciding) (err error) {
			d, err = decide(tx, by)
			return err
		}))
		l.now = l.now.Add(time.Hour)
		return d
	}
	merge := func(a, b string) identity.Decision {
		return decided(func(tx *warehouse.Tx, by identity.Deciding) (identity.Decision, error) {
			return identity.Merge(t.Context(), tx, a, b, by)
		})
	}
	aside, between := merge("x", "aside"), merge("x", "y")
	require.Equal(t, between, merge("y", "x"), "it is decided once")
	far := merge("y", "z")
	split := func(a, b string) error {
		return l.decide(func(tx *warehouse.Tx, by identity.Deciding) error {
			_, err := identity.Split(t.Context(), tx, []string{a}, []string{b}, by)
			return err
		})
	}
	for pair, earlier := range map[[2]string]identity.Decision{{"x", "z"}: between, {"z", "x"}: far, {"aside", "z"}: aside, {"aside", "x"}: aside} {
		var against *identity.AgainstError
		require.ErrorAs(t, split(pair[0], pair[1]), &against, "%s and %s", pair[0], pair[1])
		require.Equal(t, earlier.ID, against.Earlier.ID, "%s and %s", pair[0], pair[1])
	}
	require.NoError(t, split("x", "w"))
}

// The lake's memory is that of a sync; a sheet of all that evidence suggests has
// thousands of rows.
func TestAnswered_decidesAThousandRowsInLittleMemory(t *testing.T) {
	l := newLake(t, 2)
	require.NoError(t, l.db.SetMemoryLimit(t.Context(), "128MB"))
	var answers []identity.Answer
	for i := range 1500 {
		a, b := fmt.Sprint("crm:main:", i), fmt.Sprint("forum:main:", i)
		answers = append(answers, identity.Answer{Line: i + 2, Verb: []string{"same", "not_same"}[i%2], A: a, B: b})
	}
	l.exec("insert into lake.identity.person_identity (identity_id, person_id) select s || ':main:' || n, s || n from range(1500) as r(n), (values ('crm'), ('forum')) as v(s)")
	answer := func() (made []identity.Decision) {
		require.NoError(t, l.decide(func(tx *warehouse.Tx, by identity.Deciding) (err error) {
			made, err = identity.Answered(t.Context(), tx, answers, by)
			return err
		}))
		return made
	}
	require.Len(t, answer(), 1500)
	require.Empty(t, answer())
	require.EqualValues(t, 1500, l.number("select count(*) from lake.identity.decision"))
	require.EqualValues(t, 3000, l.number("select count(distinct identity_id) from lake.identity.pending"))
	require.EqualValues(t, 3000, l.number("select count(*) from lake.identity.person_event where event = 'decided' and reason = 'I know them'"))
}

func TestWhy_showsWhatLinksThoseWhoWereSplitOff(t *testing.T) {
	l := newLake(t, 2)
	for _, login := range []string{"crm:main:1", "crm:main:2", "forum:main:3", "forum:main:4"} {
		l.login(login, "a@acme.com", "Ann")
	}
	l.build()
	require.Len(t, l.people(), 1)
	require.NoError(t, l.decide(func(tx *warehouse.Tx, by identity.Deciding) error {
		_, err := identity.Split(t.Context(), tx, []string{"crm:main:2", "forum:main:4"}, []string{"crm:main:1", "forum:main:3"}, by)
		return err
	}))
	l.build()
	require.Equal(t, []string{"crm:1 forum:3", "crm:2 forum:4"}, l.people())
	for _, pair := range [][2]string{{"crm:main:1", "forum:main:3"}, {"crm:main:2", "forum:main:4"}} {
		way, err := identity.Why(t.Context(), l.db.SQL(), pair[0], pair[1])
		require.NoError(t, err)
		require.Len(t, way, 1)
		require.Equal(t, "a@acme.com", way[0].Value)
	}
}

func TestWhy_followsAnAddressWithATagToTheOneWithout(t *testing.T) {
	l := newLake(t, 2)
	l.login("crm:main:1", "ann@acme.com", "Ann")
	l.login("crm:main:2", "ann+news@acme.com", "Ann")
	l.login("forum:main:3", "ann+forum@acme.com", "Ann")
	l.login("forum:main:4", "bob+forum@acme.com", "Bob")
	l.build()
	require.Equal(t, []string{"crm:1 crm:2 forum:3", "forum:4"}, l.people())
	for _, pair := range [][2]string{{"crm:main:1", "forum:main:3"}, {"forum:main:3", "crm:main:2"}} {
		way, err := identity.Why(t.Context(), l.db.SQL(), pair[0], pair[1])
		require.NoError(t, err)
		require.Len(t, way, 1)
		require.Equal(t, "email", way[0].Rule)
	}
}

func trustWord(s *identity.Said) string {
	return map[identity.Trust]string{identity.Verified: "verified", identity.Staff: "staff", identity.Self: "self"}[s.Trust]
}

func TestFind_takesIDsOfBeforeAndAddresses(t *testing.T) {
	l := newLake(t, 2)
	l.login("forum:main:1", "a@acme.com", "Ann")
	l.login("crm:main:7", "b@acme.com", "Ann Lee")
	l.login("git:main:x", "A@Acme.com", "x")
	l.login("git:main:y", "a@acme.com", "y")
	l.build()
	before := map[string]bool{l.personOf("forum:main:1"): true, l.personOf("crm:main:7"): true}
	l.exec("insert into lake.identity.decision values ('d', 'same', 'forum:main:1', 'crm:main:7', 'me', 'test', now())")
	l.exec("insert into lake.identity.pending values ('crm:main:7')")
	l.build()
	for id := range before {
		people, err := identity.Find(t.Context(), l.db.SQL(), id)
		require.NoError(t, err)
		require.Len(t, people, 1)
		require.Equal(t, l.personOf("crm:main:7"), people[0].ID)
		require.Len(t, people[0].Logins, 2)
		require.Equal(t, "b@acme.com", people[0].Logins[0].Addresses)
	}
	people, err := identity.Find(t.Context(), l.db.SQL(), " A@ACME.com")
	require.NoError(t, err)
	require.Len(t, people, 3, "the owner, and two who only say that it is theirs")
	_, err = identity.Find(t.Context(), l.db.SQL(), "nobody@acme.com")
	var unknown *identity.UnknownError
	require.ErrorAs(t, err, &unknown)

	open, err := identity.Review(t.Context(), l.db.SQL(), 10)
	require.NoError(t, err)
	require.Len(t, open, 2)
	require.Equal(t, "contested a@acme.com", open[0].Rule+" "+open[0].Value)
	stats, err := identity.Count(t.Context(), l.db.SQL())
	require.NoError(t, err)
	require.Equal(t, "3 4 1 2", fmt.Sprint(stats.People, stats.Logins, stats.InSeveral, stats.Open))
}

func TestResolve_suggestsWhoLooksAlike(t *testing.T) {
	l := newLake(t, 2)
	l.login("forum:main:1", "xavier@home.org", "Xavier Quillfeather")
	l.login("crm:main:7", "x.quillfeather@acme.com", "Xavier Quillfeather")
	for i := range 60 {
		l.login(fmt.Sprint("crm:main:1", i), fmt.Sprintf("p%d@acme.com", i), fmt.Sprintf("Person%d Name%d", i, i))
	}
	l.build()
	require.Equal(t, []string{"crm:main:7|forum:main:1|similar"}, l.rows("select identity_id, other_identity_id, rule from lake.identity.suggestion order by strength desc limit 1"))
	l.login("git:main:1", "77+dragonfly99@users.noreply.github.com", "")
	l.login("forum:main:2", "dragonfly99@home.org", "")
	l.build()
	require.Contains(t, l.rows("select identity_id, other_identity_id from lake.identity.suggestion"), "forum:main:2|git:main:1")
	made := l.rows("select suggested_at from lake.identity.suggestion order by strength desc limit 1")
	l.login("crm:main:99", "other@acme.com", "Otto Other")
	l.build()
	require.Equal(t, made, l.rows("select suggested_at from lake.identity.suggestion order by strength desc limit 1"), "it is known when it was first made")
	require.NoError(t, l.decide(func(tx *warehouse.Tx, by identity.Deciding) error {
		_, err := identity.Split(t.Context(), tx, []string{"crm:main:7"}, []string{"forum:main:1"}, by)
		return err
	}))
	require.True(t, l.build().SuggestsAnew)
	require.NotContains(t, l.rows("select identity_id, other_identity_id from lake.identity.suggestion"), "crm:main:7|forum:main:1")
}

func TestResolve_knowsGitHubUsersByTheirNoReplyAddress(t *testing.T) {
	l := newLake(t, 2)
	for _, user := range []string{"1234", "99"} {
		l.put("identity", "github:main:issues:"+user, map[string]string{"identity_id": quoted("github:main:" + user), "source": "'github'",
			"source_user_id": quoted(user), "username": quoted("Octo" + user)})
	}
	l.login("forum:main:1", "1234+OldName@users.noreply.github.com", "Octo")
	l.login("crm:main:7", "octo99@users.noreply.github.com", "")
	l.login("git:main:x", "octo99@users.noreply.github.com", "")
	l.build()
	require.Equal(t, []string{"crm:7 git:x github:99", "forum:1 github:1234"}, l.people())
	for _, address := range []string{"1234+anything@users.noreply.github.com", "Octo1234@users.noreply.github.com"} {
		people, err := identity.Find(t.Context(), l.db.SQL(), address)
		require.NoError(t, err)
		require.Len(t, people, 1, address)
		require.Equal(t, l.personOf("github:main:1234"), people[0].ID)
	}
}
