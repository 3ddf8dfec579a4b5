package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world"
)

// A difference is what may differ between somebody who looked on for a year and
// somebody who reads everything at its end, and why the latter cannot know it.
type difference struct {
	why      string
	kpis     []string // none: any
	segments []string // types; none: any
}

// witnessed lists all that only a witness over time can know. Of a value the
// first reason counts that holds.
func witnessed() []difference {
	return []difference{{
		why:      "Forums tell of everybody's last day alone: who came only to read is a lurker to who looked then, and in no group to others.",
		segments: []string{"engagement_level"},
	}, {
		why:  "Forums do not date acceptances: one counts from the look that first showed it, and one that the first look showed is of no day.",
		kpis: []string{"accepted_solution_count", "accepted_solution_rate", "accepted_solution_rate_answered"},
	}, {
		why: "A deleted account is listed no more: who looked before knows that there was a member.",
		kpis: []string{"community_members_total", "community_new_members", "consent_coverage_rate", "contributor_rate_registered", "community_engagement_rate",
			"member_retention_rate", "new_member_activation_rate", "new_member_first_action_rate"},
	}, {
		why: "The likes and bookmarks of a deleted account that wrote nothing go with it.",
		kpis: []string{"engaged_members", "meaningful_act_share", "repeat_participation_rate", "meaningful_engagement_rate", "community_mau_meaningful",
			"helpful_vote_rate", "helpful_votes_per_reply"},
	}, {
		why:  "What was flagged and taken down is listed no more: who looked before knows who wrote it and when.",
		kpis: []string{"flag_rate_all", "flagged_content_rate"},
	}, {
		why:  "An address that was given up is shown no more: who looked before knows that two logins are one person's, and where they work.",
		kpis: []string{"identity_match_rate", "event_participation_rate", "event_attendees"},
	}}
}

// holds says whether a value may differ for this reason.
func (d *difference) holds(kpi, segment string) bool {
	return (d.kpis == nil || slices.Contains(d.kpis, kpi)) && (d.segments == nil || slices.Contains(d.segments, segment))
}

// requireSamePeopleBut compares the people of two readers of one company. Only
// the followed one can know of a login that was gone by the end, and of an
// address that was given up; what that makes differ is what Known says.
func requireSamePeopleBut(t *testing.T, followed, fresh *reader) {
	t.Helper()
	w := followed.company.world
	many, one := followed.people(), fresh.people()
	var logins []world.LoginID
	gone := 0
	for i := range w.Logins {
		id := world.LoginID(i)
		_, inMany := many[w.IdentityID(id)]
		_, inOne := one[w.IdentityID(id)]
		require.True(t, inMany || !inOne, "%s is not known to who looked on", w.IdentityID(id))
		switch {
		case id == w.Planted.Claimed: // by two people, and either's
		case inMany && inOne:
			logins = append(logins, id)
		case inMany:
			require.Less(t, w.Logins[id].Gone, w.End, "%s is there at the end", w.IdentityID(id))
			gone++
		}
	}
	found := partedOtherwise(logins, func(id world.LoginID) (string, string) { return many[w.IdentityID(id)], one[w.IdentityID(id)] })
	knownToMany, knownToOne := followed.known(), fresh.known()
	expected := partedOtherwise(logins, func(id world.LoginID) (int32, int32) { return knownToMany[id], knownToOne[id] })
	require.Equal(t, expected, found)
	require.NotEmpty(t, expected, "nobody gave up an address")
	t.Logf("%d logins, %d more that were gone, %d of other people", len(logins), gone, len(expected))
}

// partedOtherwise are the logins that belong together with others in one of two
// partitions than in the other.
func partedOtherwise[P comparable](logins []world.LoginID, in func(world.LoginID) (P, P)) (differ []world.LoginID) {
	type both struct{ a, b P }
	together, inA, inB := map[both]int{}, map[P]int{}, map[P]int{}
	for _, id := range logins {
		a, b := in(id)
		together[both{a, b}]++
		inA[a]++
		inB[b]++
	}
	for _, id := range logins {
		a, b := in(id)
		if n := together[both{a, b}]; n != inA[a] || n != inB[b] {
			differ = append(differ, id)
		}
	}
	return differ
}

// valueRows is all rows of kpi.value, but for when they were computed, by what
// they are of.
func (s *site) valueRows() map[[5]string]map[string]any {
	s.t.Helper()
	found := map[[5]string]map[string]any{}
	decoder := json.NewDecoder(strings.NewReader(s.ok("query", "--json", "select * exclude (computed_at, build_id) from kpi.value")))
	for decoder.More() {
		var row map[string]any
		require.NoError(s.t, decoder.Decode(&row))
		key := [5]string{}
		for i, column := range []string{"kpi_id", "grain", "period_start", "segment_type", "segment_value"} {
			key[i] = row[column].(string)
		}
		found[key] = row
	}
	return found
}

// requireSameValuesBut compares every column of every value.
func requireSameValuesBut(t *testing.T, followed, fresh *reader, differences []difference) {
	t.Helper()
	many, one := followed.valueRows(), fresh.valueRows()
	keys := slices.Collect(maps.Keys(many))
	for key := range one {
		if many[key] == nil {
			keys = append(keys, key)
		}
	}
	occurred, wrong := make([]map[string]int, len(differences)), []string{}
	for _, key := range keys {
		text := differs(many[key], one[key])
		if text == "" {
			continue
		}
		reason := slices.IndexFunc(differences, func(d difference) bool { return d.holds(key[0], key[3]) })
		if reason < 0 {
			wrong = append(wrong, fmt.Sprintf("%s: %s", strings.Join(key[:], " "), text))
			continue
		}
		if occurred[reason] == nil {
			occurred[reason] = map[string]int{}
		}
		occurred[reason][key[0]]++
	}
	slices.Sort(wrong)
	if len(wrong) > 0 {
		t.Errorf("%d of %d values differ, followed and read once:\n  %s", len(wrong), len(keys), strings.Join(wrong[:min(len(wrong), 40)], "\n  "))
	}
	for i, d := range differences {
		t.Logf("%v of %d: %s", occurred[i], len(keys), d.why)
		if len(occurred[i]) == 0 || isLongYear(t) && len(occurred[i]) < len(d.kpis) {
			t.Errorf("not all of %v differ because: %s", d.kpis, d.why)
		}
	}
}

// differs says in which columns two rows differ, empty if in none.
func differs(a, b map[string]any) string {
	if a == nil || b == nil {
		return fmt.Sprintf("there are %v and %v", a["value"], b["value"])
	}
	var columns []string
	for column := range a {
		x, isNumber := a[column].(float64)
		y, _ := b[column].(float64)
		if a[column] != b[column] && (!isNumber || b[column] == nil || math.Abs(x-y) > 1e-9*math.Max(1, math.Abs(x))) {
			columns = append(columns, fmt.Sprintf("%s %v and %v", column, a[column], b[column]))
		}
	}
	slices.Sort(columns)
	return strings.Join(columns, ", ")
}
