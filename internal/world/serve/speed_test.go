package serve_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world"
	"rollcall/internal/world/serve"
)

// BenchmarkPages measures one page of each large list, from a world of
// some 20,000 people, after the first request has moved it to its end.
func BenchmarkPages(b *testing.B) {
	w, err := world.New(world.Options{Seed: 7, Scale: 10, End: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
	require.NoError(b, err)
	forum, hub := serve.Discourse(w, world.Forum, options(w.End)), serve.GitHub(w, options(w.End))
	middle := get(b, forum, "/posts.json").Get("latest_posts.0.id").Int() / 2
	ask(b, hub, "/", "Authorization", "Bearer "+key)
	topic := get(b, forum, "/latest.json?page=20").Get("topic_list.topics.0.id").Int()
	for _, path := range []string{
		fmt.Sprintf("/posts.json?before=%d", middle), "/latest.json?page=20", fmt.Sprintf("/t/%d.json?include_raw=true", topic),
		"/admin/users/list/active.json?show_emails=true&stats=true&order=created&asc=true&page=20", "/review.json?status=all&sort_order=created_at&offset=100",
	} {
		b.Run(strings.SplitN(path, "?", 2)[0], func(b *testing.B) {
			for b.Loop() {
				ask(b, forum, path)
			}
		})
	}
	b.Run("github issues", func(b *testing.B) {
		path := "/repos/tidewater/planner/issues?state=all&sort=updated&direction=asc&per_page=100&since=2025-03-01T00:00:00Z"
		for b.Loop() {
			ask(b, hub, path, "Authorization", "Bearer "+key)
		}
	})
	b.Run("github discussions", func(b *testing.B) {
		const body = `{"query":"{repository(owner:\"tidewater\",name:\"planner\"){discussions(first:50,orderBy:{field:UPDATED_AT,direction:DESC}){nodes{id databaseId title bodyText author{login}} pageInfo{hasNextPage endCursor}}}}"}`
		for b.Loop() {
			r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+key)
			hub.ServeHTTP(httptest.NewRecorder(), r)
		}
	})
}

// fastest is the least time of several tries of a request.
func fastest(t *testing.T, h http.Handler, path string) time.Duration {
	least := time.Hour
	for range 40 {
		began := time.Now()
		ask(t, h, path, "Authorization", "Bearer "+key)
		least = min(least, time.Since(began))
	}
	return least
}

// A page of a world eight times as large may take twice as long, for caches'
// sake; one that is looked for row by row takes eight times as long.
func TestPages_costNoMoreInALargeWorld(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a larger world")
	}
	end := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	took := map[string][]time.Duration{}
	for _, scale := range []float64{0.5, 4} { // at a quarter there are too few issues for a page
		w, err := world.New(world.Options{Seed: 7, Scale: scale, End: end})
		require.NoError(t, err)
		forum, hub := serve.Discourse(w, world.Forum, options(w.End)), serve.GitHub(w, options(w.End))
		for path, h := range map[string]http.Handler{
			"/posts.json?before=200":  forum,
			"/latest.json?page=1":     forum,
			"/review.json?status=all": forum,
			"/admin/users/list/active.json?show_emails=true&order=seen&page=1":                                            forum,
			"/repos/tidewater/planner/issues?state=all&sort=updated&direction=asc&per_page=10&since=2024-06-01T00:00:00Z": hub,
		} {
			took[path] = append(took[path], fastest(t, h, path))
		}
	}
	for path, times := range took {
		require.Less(t, float64(times[1])/float64(times[0]), 4.0, "%s: %v", path, times)
	}
}
