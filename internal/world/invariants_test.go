package world

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNew_nobodyActsBeforeJoiningOrAfterLeaving(t *testing.T) {
	for seed := range uint64(4) {
		w := made(t, 20+seed, 0.15)
		for i, e := range w.Events {
			if e.Login == None {
				continue
			}
			l := w.Logins[e.Login]
			require.LessOrEqual(t, l.Made, e.At, "event %d of kind %d", i, e.Kind)
			if e.Kind == LoginGone || e.Kind == LoginsMerged {
				require.Equal(t, l.Gone, e.At)
				continue
			}
			require.Less(t, e.At, l.Gone, "event %d of kind %d", i, e.Kind)
			if e.Kind >= Visited && e.Kind <= ThreadClosed {
				require.Less(t, e.At, l.Suspended, "event %d of kind %d", i, e.Kind)
			}
			if e.Kind == Used {
				requireWorksFor(t, w, l.Person, w.Orgs[e.Object].Company, e.At)
			}
		}
	}
}

func requireWorksFor(t *testing.T, w *World, person PersonID, company CompanyID, at Moment) {
	t.Helper()
	require.Contains(t, w.EmployersOf(person, at), company, "person %d at %s", person, at.Time())
}

func TestNew_everyIdRefersToSomething(t *testing.T) {
	w := made(t, 8, 0.3)
	within := func(id, n int32, of string) {
		require.True(t, id >= 0 && int(id) < int(n), "%s %d of %d", of, id, n)
	}
	for _, l := range w.Logins {
		within(int32(l.Person), int32(len(w.People)), "person")
		require.True(t, l.Made >= w.Start && l.Made < w.End)
		require.NotZero(t, l.ID)
	}
	for _, h := range w.Holdings {
		within(int32(h.Address), int32(len(w.Addresses)), "address")
		require.LessOrEqual(t, h.From, h.Until)
		require.LessOrEqual(t, w.Logins[h.Login].Made, h.From)
	}
	for _, l := range w.Links {
		within(int32(l.Org), int32(len(w.Orgs)), "org")
		require.Equal(t, w.Orgs[l.Org].Source, w.Logins[l.Login].Source, "a source links its own")
		require.LessOrEqual(t, w.Orgs[l.Org].Made, l.From)
	}
	for i, p := range w.Posts {
		within(int32(p.Thread), int32(len(w.Threads)), "thread")
		if opening := w.Threads[p.Thread].Opening; opening != PostID(i) {
			require.LessOrEqual(t, w.Posts[opening].Seen, p.At, "a reply to what was shown")
		}
		require.Equal(t, int(p.Chars), len(w.Body(PostID(i), 1)))
	}
	for _, e := range w.Events {
		switch e.Kind {
		case ThreadOpened, Replied, Edited, Removed, Reacted, Bookmarked, Flagged, Accepted:
			within(e.Object, int32(len(w.Posts)), "post")
			require.True(t, e.Kind <= Replied || w.Posts[e.Object].Seen <= e.At, "about what was shown")
		case Registered, Attended:
			within(e.Object, int32(len(w.Gatherings)), "gathering")
		case Answered:
			within(e.Object, int32(len(w.Responses)), "response")
		case Used, OrgMade, Linked:
			within(e.Object, int32(len(w.Orgs)), "org")
		case TicketOpened, TicketSolved:
			within(e.Object, int32(len(w.Tickets)), "ticket")
		case Subscribed, Renewed, Churned:
			within(e.Object, int32(len(w.Subscriptions)), "subscription")
		}
	}
}

func TestNew_givesIdsOnce(t *testing.T) {
	w := made(t, 9, 0.3)
	seen := map[string]bool{}
	for i := range w.Logins {
		id := w.IdentityID(LoginID(i))
		require.False(t, seen[id], id)
		seen[id] = true
	}
	emails := map[string]int{}
	for i := range w.Addresses {
		emails[w.Email(AddressID(i))]++
	}
	for email, n := range emails {
		recycled := email == w.Email(w.Planted.Recycled[0])
		require.True(t, n == 1 || recycled && n == 2, "%s is %d people's", email, n)
	}
	for i, p := range w.Posts {
		s := w.Communities[w.Threads[p.Thread].Community].Source
		key := fmt.Sprint("post ", s, w.Threads[p.Thread].Opening == PostID(i), " ", p.ID)
		require.False(t, seen[key], key)
		seen[key] = true
	}
}

func TestNew_letsOneLoginOfAForumHaveAnAddress(t *testing.T) {
	w := made(t, 9, 0.5)
	type place struct {
		source Source
		email  string
	}
	held := map[place][]Holding{}
	for _, h := range w.Holdings {
		if s := w.Logins[h.Login].Source; s <= Lab {
			held[place{s, w.Email(h.Address)}] = append(held[place{s, w.Email(h.Address)}], h)
		}
	}
	for at, holdings := range held {
		for i, a := range holdings {
			for _, b := range holdings[:i] {
				require.True(t, a.Until <= b.From || b.Until <= a.From, "%s is held twice at a time", at.email)
			}
		}
	}
}

func TestLands_haveAllNames(t *testing.T) {
	for c := range countryCount {
		require.Len(t, landOf(c).given, givenNames, c.Code())
		require.Len(t, landOf(c).family, familyNames, c.Code())
		for _, name := range append(landOf(c).given, landOf(c).family...) {
			require.Regexp(t, "^[a-z-]+$", fold(name), "an address is plain ASCII")
		}
	}
}

func TestNew_editsToTheLengthItSays(t *testing.T) {
	w := made(t, 10, 0.3)
	edits := 0
	for _, e := range w.Events {
		if e.Kind == Edited {
			edits++
			require.Equal(t, int(e.Amount), len(w.Body(PostID(e.Object), int(e.Detail))))
		}
	}
	require.Greater(t, edits, 20)
}

func TestNew_holdsEveryPlantedCase(t *testing.T) {
	for _, scale := range []float64{MinScale, 0.3} {
		for seed := range uint64(8) {
			requirePlanted(t, made(t, 30+seed, scale))
		}
	}
}

func requirePlanted(t *testing.T, w *World) {
	t.Helper()
	p := w.Planted
	first, second := w.Addresses[p.Recycled[0]], w.Addresses[p.Recycled[1]]
	require.Equal(t, w.Email(p.Recycled[0]), w.Email(p.Recycled[1]))
	require.NotEqual(t, first.Person, second.Person)
	require.Greater(t, second.From, first.Until+days(90))

	require.Equal(t, w.Name(p.Namesakes[0]), w.Name(p.Namesakes[1]))
	require.Equal(t, w.EmployersOf(p.Namesakes[0], w.End), w.EmployersOf(p.Namesakes[1], w.End))
	require.Equal(t, w.Name(p.NamesakesFar[0]), w.Name(p.NamesakesFar[1]))
	require.NotEqual(t, w.EmployersOf(p.NamesakesFar[0], w.End), w.EmployersOf(p.NamesakesFar[1], w.End))

	require.Len(t, p.MergeChain, 3)
	for i, contact := range p.MergeChain {
		require.Equal(t, w.Logins[p.MergeChain[0]].Person, w.Logins[contact].Person)
		require.Equal(t, i == 2, w.Logins[contact].Gone == Never)
	}
	require.NotEqual(t, CompanyID(None), w.Companies[p.Bought].Parent)
	require.Equal(t, w.Companies[p.Bought].Parent, w.OwnerOf(p.Bought, w.End))
	require.Len(t, w.EmployersOf(p.Consultant, w.End-1), 3)
	require.NotEqual(t, PersonID(None), w.Logins[p.Claimed].Second)
	require.Len(t, w.AddressesOf(p.Claimed, w.End-1), 2)
	require.Len(t, w.JobsOf(p.Mover), 2)
	for _, twins := range [][2]LoginID{p.ForumTwins, p.PortalTwins} {
		require.NotEqual(t, LoginID(None), twins[0])
		a, b := w.Logins[twins[0]], w.Logins[twins[1]]
		require.Equal(t, a.ID, b.ID)
		require.NotEqual(t, a.Source, b.Source)
		require.NotEqual(t, a.Person, b.Person)
	}
	requireEverywhere(t, w)
}

// requireEverywhere holds that each place and currency sees some life, and
// that the shared mailbox is shared.
func requireEverywhere(t *testing.T, w *World) {
	t.Helper()
	answers := map[Source]int{}
	for _, e := range w.Events {
		if e.Kind == Accepted {
			answers[w.Logins[e.Login].Source]++
		}
	}
	for _, s := range []Source{Forum, Lab, GitHub} {
		require.NotZero(t, answers[s], "answers at %s", s.Instance())
	}
	holders := 0
	for _, h := range w.Holdings {
		if w.Addresses[h.Address].Person == w.Planted.SupportShared {
			holders++
		}
	}
	require.GreaterOrEqual(t, holders, 5, "support@ has a login of its own and is on four contacts")
	currencies := map[Currency]bool{}
	for _, s := range w.Subscriptions {
		currencies[s.Currency] = true
	}
	require.Subset(t, currencies, map[Currency]bool{"EUR": true, "USD": true, "JPY": true, "KWD": true})
}
