package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world"
	"rollcall/internal/world/serve"
)

func TestZZSteps(t *testing.T) {
	w, err := world.New(world.Options{Seed: 7, Scale: 0.1, End: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	const key = "a secret that hides addresses in keys"
	at := w.Start
	options := serve.Options{Now: func() time.Time { return at.Time() }, Key: key}
	places := world.Places{ForumKey: "secret", GitHubToken: "secret", KeySecret: "secret", ForumLimit: 1_000_000}
	for source, url := range map[world.Source]*string{world.Forum: &places.Forum, world.Lab: &places.Lab, world.GitHub: &places.GitHub} {
		handler := serve.GitHub(w, options)
		if source != world.GitHub {
			handler = serve.Discourse(w, source, options)
		}
		server := httptest.NewServer(handler)
		defer server.Close()
		*url = server.URL
	}
	s := newSite(t, "")
	s.dir = os.Getenv("SITE")
	require.NoError(t, os.MkdirAll(s.dir, 0o755))
	places.Exports = s.path("exports")
	require.NoError(t, os.WriteFile(s.path("secret"), []byte(key), 0o600))
	s.write(head + fmt.Sprintf("time_zone = %q\n\n", world.Zone) + w.Config(places))
	last := w.Start
	for i := 1; i <= 3; i++ {
		at = w.Start + (w.End-w.Start)*world.Moment(i)/3
		require.NoError(t, w.Export(places.Exports, last, at))
		last = at
		s.ok("sync")
		s.ok("build")
	}
}
