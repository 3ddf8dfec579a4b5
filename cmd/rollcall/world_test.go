package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world"
)

// A simulated company's export files, read by the configuration that comes
// with them as they grow, arrive whole: every login, company and act, nothing
// rejected.
func TestSync_readsAWorldsFilesAsTheyGrow(t *testing.T) {
	w, err := world.New(world.Options{Seed: 4, Scale: 0.1, End: time.Now()})
	require.NoError(t, err)
	s := newSite(t, "")
	require.NoError(t, os.WriteFile(s.path("secret"), []byte("a secret that hides addresses in keys"), 0o600))
	s.write(head + fmt.Sprintf("time_zone = %q\n\n", world.Zone) + w.Config(world.Places{
		Forum: "http://127.0.0.1:9", Lab: "http://127.0.0.1:9", GitHub: "http://127.0.0.1:9",
		ForumKey: "secret", GitHubToken: "secret", KeySecret: "secret", Exports: s.path("exports"),
	}))
	s.ok("validate")

	connectors := map[string]bool{world.Programme: true}
	for source := world.CRMWest; source <= world.Meetups; source++ {
		connectors[source.Instance()] = true
	}
	half := w.Start + (w.End-w.Start)/2
	for _, step := range [][2]world.Moment{{w.Start, half}, {half, w.End}} {
		require.NoError(t, w.Export(s.path("exports"), step[0], step[1]))
		s.ok(append([]string{"sync"}, slices.Sorted(maps.Keys(connectors))...)...)
	}

	require.Equal(t, "0", s.query("--lake", "select count(*) from ops.rejected_record"))
	count := func(table, instance string) string {
		return s.query("--lake", fmt.Sprintf("select count(distinct key) from raw.files__%s where instance = '%s'", table, instance))
	}
	logins, orgs, kinds := map[world.Source]int{}, map[world.Source]int{}, map[world.Kind]int{}
	for _, l := range w.Logins {
		logins[l.Source]++
	}
	for _, o := range w.Orgs {
		orgs[o.Source]++
	}
	for _, e := range w.Events {
		kinds[e.Kind]++
	}
	for source := world.CRMWest; source <= world.Meetups; source++ {
		require.Equal(t, fmt.Sprint(logins[source]), count("identity", source.Instance()), source.Instance())
		if orgs[source] > 0 {
			require.Equal(t, fmt.Sprint(orgs[source]), count("org", source.Instance()), source.Instance())
		}
	}
	require.Equal(t, fmt.Sprint(kinds[world.Used]), count("product_event", "product"))
	require.Equal(t, fmt.Sprint(kinds[world.SurveySent]), count("survey_invitation", "surveys"))
	require.Equal(t, fmt.Sprint(len(w.Gatherings)), count("community_gathering", "meetups"))
	require.Equal(t, fmt.Sprint(kinds[world.ConsentSaid]), count("consent", world.Programme))
}
