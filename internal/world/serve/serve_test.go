package serve_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/internal/world"
	"rollcall/internal/world/serve"
)

const key = "k-0123456789abcdef"

// small is a world that all tests share: they only read it.
var small = sync.OnceValues(func() (*world.World, error) {
	return world.New(world.Options{Seed: 7, Scale: world.MinScale, End: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
})

func smallWorld(t testing.TB) *world.World {
	t.Helper()
	w, err := small()
	require.NoError(t, err)
	return w
}

// A teller is a clock that a test moves.
type teller struct{ at world.Moment }

func (c *teller) now() time.Time { return c.at.Time() }

func options(at world.Moment) serve.Options {
	clock := &teller{at}
	return serve.Options{Now: clock.now, Key: key}
}

// ask makes a request of a handler and returns its answer's status and body.
func ask(t testing.TB, h http.Handler, path string, headers ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Api-Key", key)
	r.Header.Set("Api-Username", "system")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	require.NoError(t, err)
	return w.Code, string(body)
}

func get(t testing.TB, h http.Handler, path string) gjson.Result {
	t.Helper()
	status, body := ask(t, h, path)
	require.Equal(t, http.StatusOK, status, "%s: %s", path, body)
	require.True(t, gjson.Valid(body), path)
	return gjson.Parse(body)
}

// listedPosts walks /posts.json to its end.
func listedPosts(t testing.TB, h http.Handler) (posts []gjson.Result) {
	t.Helper()
	for before := ""; ; {
		page := get(t, h, "/posts.json"+before).Get("latest_posts").Array()
		if len(page) == 0 {
			return posts
		}
		posts = append(posts, page...)
		before = fmt.Sprintf("?before=%d", page[len(page)-1].Get("id").Int())
	}
}

// living are the ids of posts of a forum that a reader finds at a moment, by
// the world's own tables: written by people, not taken down, and neither is
// their thread. One that its author took down is a stub for a day.
func living(w *world.World, source world.Source, at world.Moment) []int64 {
	var ids []int64
	for i := range w.Posts {
		p := &w.Posts[i]
		t := &w.Threads[p.Thread]
		if w.Communities[t.Community].Source != source || p.System || p.Seen >= at || shownUntil(w, world.PostID(i)) <= at || w.Posts[t.Opening].Removed < at {
			continue
		}
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	return ids
}

// shownUntil is when a post is gone from where it was.
func shownUntil(w *world.World, id world.PostID) world.Moment {
	p := &w.Posts[id]
	if p.Removed == world.Never {
		return world.Never
	}
	for i := range w.Events {
		e := &w.Events[i]
		if e.Kind == world.Removed && e.Object == int32(id) {
			if e.Login == p.Author && w.Threads[p.Thread].Opening != id {
				return e.At.Add(24 * time.Hour)
			}
			return e.At + 1
		}
	}
	return p.Removed
}

func TestDiscourse_listsThePostsThatLiveAtAMoment(t *testing.T) {
	w := smallWorld(t)
	for _, source := range []world.Source{world.Forum, world.Lab} {
		clock := &teller{}
		h := serve.Discourse(w, source, serve.Options{Now: clock.now, Key: key})
		for _, months := range []int{3, 12, 20, 24, 6} { // and back
			clock.at = w.Start + (w.End-w.Start)*world.Moment(months)/24
			var ids []int64
			for _, p := range listedPosts(t, h) {
				ids = append(ids, p.Get("id").Int())
			}
			slices.Sort(ids)
			require.NotEmpty(t, ids)
			require.Equal(t, living(w, source, clock.at), ids, "%s after %d months", source.Instance(), months)
		}
	}
}

func TestDiscourse_topicsHoldTheirPostsAndAnswers(t *testing.T) {
	w := smallWorld(t)
	h := serve.Discourse(w, world.Forum, options(w.End))
	listed := map[int64]bool{}
	for _, p := range listedPosts(t, h) {
		listed[p.Get("id").Int()] = true
	}
	topics, solved := 0, 0
	for page := 0; ; page++ {
		list := get(t, h, fmt.Sprintf("/latest.json?page=%d", page)).Get("topic_list")
		for _, topic := range list.Get("topics").Array() {
			topics++
			detail := get(t, h, fmt.Sprintf("/t/%d.json?include_raw=true", topic.Get("id").Int()))
			require.Equal(t, topic.Get("title").Str, detail.Get("title").Str)
			require.Equal(t, topic.Get("has_accepted_answer").Bool(), detail.Get("accepted_answer").Exists())
			if detail.Get("accepted_answer").Exists() {
				solved++
			}
			for _, id := range detail.Get("post_stream.stream").Array() {
				delete(listed, id.Int())
			}
		}
		if !list.Get("more_topics_url").Exists() {
			break
		}
	}
	require.Empty(t, listed, "every listed post stands in a listed topic")
	require.Greater(t, topics, 30)
	require.Greater(t, solved, 3)
}

func TestDiscourse_tellsAdministratorsFromVisitors(t *testing.T) {
	w := smallWorld(t)
	h := serve.Discourse(w, world.Forum, options(w.End))
	status, body := ask(t, h, "/admin/users/list/active.json?show_emails=true", "Api-Key", "")
	require.Equal(t, http.StatusNotFound, status, body)
	status, body = ask(t, h, "/posts.json", "Api-Key", "another")
	require.Equal(t, http.StatusForbidden, status)
	require.Equal(t, "invalid_access", gjson.Get(body, "error_type").Str)
	status, _ = ask(t, h, "/posts.json", "Api-Key", "")
	require.Equal(t, http.StatusOK, status, "anybody reads posts")
	require.False(t, get(t, h, "/admin/users/list/active.json?order=created&asc=true").Get("0.email").Exists(), "without show_emails")
	status, body = ask(t, h, "/latest.json?page=x")
	require.Equal(t, http.StatusBadRequest, status, body)
}

// people walks the administrator's list.
func people(t testing.TB, h http.Handler, query string) (users []gjson.Result) {
	t.Helper()
	for page := 1; ; page++ {
		list := get(t, h, fmt.Sprintf("/admin/users/list/active.json?show_emails=true&page=%d&%s", page, query)).Array()
		if len(list) == 0 {
			return users
		}
		users = append(users, list...)
	}
}

func TestDiscourse_listsPeopleWithTheAddressesTheyHoldThen(t *testing.T) {
	w := smallWorld(t)
	for _, at := range []world.Moment{(w.Start + w.End) / 2, w.End} {
		h := serve.Discourse(w, world.Forum, options(at))
		shown := map[int64]gjson.Result{}
		for _, u := range people(t, h, "order=created&asc=true") {
			require.NotContains(t, shown, u.Get("id").Int(), "once")
			shown[u.Get("id").Int()] = u
		}
		expected := 0
		for i := range w.Logins {
			l := &w.Logins[i]
			if l.Source != world.Forum || l.Made >= at || l.Gone < at {
				continue
			}
			expected++
			u, ok := shown[l.ID]
			require.True(t, ok, "%s is listed", w.Username(world.LoginID(i)))
			var held []string
			if email := u.Get("email").Str; strings.Contains(email, "@") {
				held = append(held, email)
			}
			for _, other := range u.Get("secondary_emails").Array() {
				held = append(held, other.Str)
			}
			require.ElementsMatch(t, w.AddressesOf(world.LoginID(i), at), held)
		}
		require.GreaterOrEqual(t, len(shown), expected)
		for _, u := range shown {
			if strings.HasSuffix(u.Get("email").Str, "@anonymized.invalid") {
				expected++
			}
		}
		require.Len(t, shown, expected, "those who left are gone, or anonymous")
	}
}

func TestDiscourse_tellsWhenItSawSomebodyLast(t *testing.T) {
	w := smallWorld(t)
	for month := range world.Moment(world.Months) {
		at := w.Start + (w.End-w.Start)*(month+1)/world.Months
		expected := map[string]string{}
		for login, seen := range w.SeenAtForums(w.Start, at) {
			l := w.Logins[login]
			expected[fmt.Sprintf("%s %d", l.Source.Instance(), l.ID)] = seen.Time().Format("2006-01-02T15:04:05.000Z")
		}
		shown := map[string]string{}
		for _, source := range []world.Source{world.Forum, world.Lab} {
			for _, u := range people(t, serve.Discourse(w, source, options(at)), "order=seen") {
				shown[fmt.Sprintf("%s %d", source.Instance(), u.Get("id").Int())] = u.Get("last_seen_at").Str
			}
		}
		require.Equal(t, expected, shown)
	}
}

func TestDiscourse_sameMomentSameBytes(t *testing.T) {
	w := smallWorld(t)
	clock := &teller{w.End}
	moved := serve.Discourse(w, world.Lab, serve.Options{Now: clock.now, Key: key})
	for _, back := range []world.Moment{0, 5, 2, 17, 9} {
		clock.at = w.Start + (w.End-w.Start)*back/24
		fresh := serve.Discourse(w, world.Lab, options(clock.at))
		for _, path := range []string{"/posts.json", "/latest.json", "/categories.json", "/tags.json", "/admin/users/list/active.json?show_emails=true", "/review.json?status=all"} {
			_, one := ask(t, moved, path)
			_, other := ask(t, fresh, path)
			require.Equal(t, other, one, "%s in month %d", path, back)
		}
	}
}
