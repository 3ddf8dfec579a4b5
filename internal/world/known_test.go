package world

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKnown_joinsOnlyOneHumansLogins(t *testing.T) {
	w := made(t, 12, 0.4)
	for _, looks := range [][]Moment{{w.End}, monthly(w)} {
		known := w.Known(looks...)
		humans, joined := map[int32]PersonID{}, 0
		for i, human := range known {
			person := w.Logins[i].Person
			if other, ok := humans[human]; ok {
				require.Equal(t, other, person, "login %d", i)
				joined++
			}
			humans[human] = person
		}
		require.Greater(t, joined, len(w.Logins)/3)
	}
}

func TestKnown_linksNoMemberWithoutConsent(t *testing.T) {
	w := made(t, 12, 0.4)
	said := map[LoginID]Consent{}
	for _, e := range w.Events {
		if e.Kind == ConsentSaid {
			said[e.Login] = Consent(e.Detail)
		}
	}
	known, size := w.Known(monthly(w)...), map[int32]int{}
	for _, human := range known {
		size[human]++
	}
	apart := 0
	for i, human := range known {
		answer, asked := said[LoginID(i)]
		if community := w.Logins[i].Source <= GitHub; asked && answer != Granted || !asked && community {
			require.Equal(t, 1, size[human], "login %d", i)
			apart++
		}
	}
	require.NotZero(t, apart)
}

func TestKnownOrgs_joinsOneCompanyAndWhatItBought(t *testing.T) {
	w := made(t, 12, 0.4)
	for _, at := range []Moment{w.Companies[w.Planted.Bought].BoughtAt, w.End} {
		companies, joined := map[int32]CompanyID{}, 0
		for i, account := range w.KnownOrgs(at) {
			owner := w.OwnerOf(w.Orgs[i].Company, at)
			if other, ok := companies[account]; ok {
				require.Equal(t, other, owner, "org %d", i)
				joined++
			}
			companies[account] = owner
		}
		require.Greater(t, joined, len(w.Orgs)/3)
	}
}

func TestKnown_growsWithWhatIsShown(t *testing.T) {
	w := made(t, 12, 0.4)
	humans := func(looks ...Moment) int {
		seen := map[int32]bool{}
		for i, human := range w.Known(looks...) {
			if w.Logins[i].Made < looks[len(looks)-1] {
				seen[human] = true
			}
		}
		return len(seen)
	}
	half := w.Start + (w.End-w.Start)/2
	require.Less(t, humans(half), humans(w.End))
	require.Less(t, humans(monthly(w)...), humans(w.End), "who watched over time knows more")

	chain := w.Planted.MergeChain
	known := w.Known(w.End)
	require.Equal(t, known[chain[0]], known[chain[2]])
	require.NotEqual(t, w.Known(w.Start + days(60))[chain[0]], w.Known(w.Start + days(60))[chain[1]], "not merged yet")
}

// monthly are looks at the end of each month.
func monthly(w *World) []Moment {
	var looks []Moment
	for n := range Moment(Months) {
		looks = append(looks, w.Start+(w.End-w.Start)*(n+1)/Months)
	}
	return looks
}
