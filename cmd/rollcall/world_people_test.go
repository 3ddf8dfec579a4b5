package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world"
	"rollcall/internal/world/serve"
)

// A simulated company, read once or in steps, forums, GitHub and export files
// alike, is resolved into the very people that can be known from what they
// show, and into the very companies. Left out are those who share a login.
func TestBuild_resolvesAWorldAsItCanBeKnown(t *testing.T) {
	for name, steps := range map[string]int{"read once": 1, "read in three steps": 3} {
		t.Run(name, func(t *testing.T) { resolveWorld(t, steps) })
	}
}

func resolveWorld(t *testing.T, steps int) {
	w, err := world.New(world.Options{Seed: 7, Scale: 0.1, End: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	served := &movedClock{now: w.Start.Time()}
	s, places := serveWorld(t, w, served)
	var looks []world.Moment
	last := w.Start
	for step := 1; step <= steps; step++ {
		at := w.Start + (w.End-w.Start)*world.Moment(step)/world.Moment(steps)
		served.set(at.Time())
		require.NoError(t, w.Export(places.Exports, last, at))
		s.ok("sync")
		s.ok("build")
		looks, last = append(looks, at), at
	}

	known, people := w.Known(looks...), map[string]int32{}
	for i, l := range w.Logins {
		if claimed := w.Logins[w.Planted.Claimed]; l.Person != claimed.Person && l.Person != claimed.Second {
			people[w.IdentityID(world.LoginID(i))] = known[i]
		}
	}
	requireSameParts(t, people, s.pairs("select identity_id, person_id from identity.person_identity where unlinked_at is null"))
	companies := map[string]int32{}
	for i, company := range w.KnownOrgs(w.End) {
		companies[w.FullOrgID(world.OrgID(i))] = company
	}
	requireSameParts(t, companies, s.pairs("select source || ':' || source_instance || ':org:' || source_id, account_id from identity.account_source where unlinked_at is null"))
}

// serveWorld serves a simulated company's sources as they stand at a moved
// moment, to a site that reads all of them.
func serveWorld(t *testing.T, w *world.World, served *movedClock) (*site, world.Places) {
	t.Helper()
	const key = "a secret that hides addresses in keys"
	options := serve.Options{Now: served.Now, Key: key}
	places := world.Places{ForumKey: "secret", GitHubToken: "secret", KeySecret: "secret", Limit: 1_000_000}
	for source, url := range map[world.Source]*string{world.Forum: &places.Forum, world.Lab: &places.Lab, world.GitHub: &places.GitHub} {
		handler := serve.GitHub(w, options)
		if source != world.GitHub {
			handler = serve.Discourse(w, source, options)
		}
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		*url = server.URL
	}
	s := newSite(t, "")
	places.Exports = s.path("exports")
	require.NoError(t, os.WriteFile(s.path("secret"), []byte(key), 0o600))
	s.write(head + fmt.Sprintf("time_zone = %q\n\n", world.Zone) + w.Config(places))
	return s, places
}

// pairs are the rows of two columns that a query on the lake returns.
func (s *site) pairs(query string) map[string]string {
	s.t.Helper()
	pairs := map[string]string{}
	for _, line := range strings.Split(s.ok("query", "--lake", query), "\n") {
		if key, value, ok := strings.Cut(line, "\t"); ok {
			pairs[key] = value
		}
	}
	return pairs
}

// requireSameParts holds that what is in both is parted in the same way, and
// that most is in both.
func requireSameParts(t *testing.T, expected map[string]int32, actual map[string]string) {
	t.Helper()
	there, back, both := map[int32]string{}, map[string]int32{}, 0
	for id, part := range expected {
		other, ok := actual[id]
		if !ok {
			continue // shown by no source
		}
		both++
		if first, ok := there[part]; ok {
			require.Equal(t, first, other, "%s is parted from those it belongs to", id)
		}
		if first, ok := back[other]; ok {
			require.Equal(t, first, part, "%s is joined with others", id)
		}
		there[part], back[other] = other, part
	}
	require.Greater(t, both, len(expected)*9/10)
}
