package discourse

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// lacks is what the official OpenAPI document does not know of Discourse.
func lacks() []string {
	return []string{
		// parameters that its own front end sends
		"GET /latest.json?page",
		"GET /t/{id}.json?include_raw",
		"GET /t/{id}/posts.json?include_raw",
		"GET /t/{id}/posts.json?post_ids[]",
		"GET /groups/{name}/members.json?limit",
		"GET /groups/{name}/members.json?offset",
		// endpoints of staff and plugins
		"GET /admin/logs/search_logs.json",
		"GET /review.json",
		"GET /session/current.json",
		"GET /discourse-post-event/events/{id}/invitees.json",
		"POST /admin/plugins/explorer/queries/{id}/run",
	}
}

func TestRequests_areThoseOfTheOfficialDocument(t *testing.T) {
	referee := connectortest.OpenAPI(t, connectortest.Shared(t, "vendor/discourse/openapi.json"), lacks()...)
	s := keyed(t, referee(fakeForum(400)))
	_, err := s.Check(t.Context())
	require.NoError(t, err)
	for _, stream := range New().Spec().Streams {
		l := newLake(stream.Name)
		l.read(t, s, stream.Name, nil)
		l.read(t, s, stream.Name, l.cursor())
		l.read(t, s, stream.Name, connectors.SinceCursor(fakeNow.AddDate(0, 0, -2)))
	}
}

// body serves one body at the paths that begin with prefix, then empty pages.
func body(t *testing.T, prefix, file, path string) http.Handler {
	text, err := os.ReadFile(connectortest.Shared(t, "vendor/discourse/"+file))
	require.NoError(t, err)
	if path != "" {
		text = []byte(gjson.GetBytes(text, path).Raw)
	}
	asked := false
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, prefix) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		switch {
		case !asked:
			fmt.Fprintf(w, "%s", text)
		case prefix == "/latest.json":
			fmt.Fprint(w, `{"topic_list":{"topics":[]}}`)
		default:
			fmt.Fprint(w, "[]")
		}
		asked = true
	})
}

func TestBodies_ofTheVendorAndOfRealForumsPass(t *testing.T) {
	for _, c := range []struct {
		stream, prefix, file, path string
		records                    int
	}{
		{"users", "/admin/users/list", "responses_docs/users__active_list.json", "", 4},
		{"users", "/admin/users/list", "responses_docs/users__staff_list.json", "", 2},
		{"users", "/admin/users/list", "fixtures_gem/user_list.json", "", 20},
		{"users", "/admin/users/list", "nango-recorded/admin-users-list-active.1.json", "response", 6},
		{"users", "/admin/users/list", "nango-recorded/admin-users-list-active.3.json", "response", 0},
		{"topics", "/latest.json", "responses_docs/topics__latest_topics_response.json", "", 3},
		{"topics", "/latest.json", "fixtures_gem/latest.json", "", 1},
		{"topics", "/latest.json", "perceval/discourse_topics.json", "", 2},
		{"topics", "/latest.json", "perceval/discourse_topics_pinned.json", "", 3},
		{"topics", "/latest.json", "perceval/discourse_topics_last_posted_at_null.json", "", 2},
		{"topics", "/latest.json", "perceval/discourse_topics_empty.json", "", 0},
		{"categories", "/categories.json", "fixtures_gem/categories.json", "", 3},
	} {
		t.Run(c.stream+" "+c.file, func(t *testing.T) {
			l := newLake(c.stream)
			l.read(t, keyed(t, body(t, c.prefix, c.file, c.path)), c.stream, nil)
			require.Len(t, l.records, c.records)
		})
	}
}

func TestBodies_postsOfAnyAgeParse(t *testing.T) {
	for file, path := range map[string]string{
		"fixtures_gem/posts_latest.json":               "latest_posts",
		"fixtures_gem/posts_before.json":               "latest_posts",
		"fixtures_gem/topic.json":                      "post_stream.posts",
		"fixtures_gem/topic_posts.json":                "post_stream.posts",
		"responses_docs/topics__topic_response.json":   "post_stream.posts",
		"responses_docs/posts__get_post_response.json": "@this",
		"perceval/discourse_post.json":                 "@this",
		"perceval/discourse_topic_1148.json":           "post_stream.posts",
		"perceval/discourse_topic_1149.json":           "post_stream.posts",
		"perceval/discourse_topic_1150.json":           "post_stream.posts",
	} {
		text, err := os.ReadFile(connectortest.Shared(t, "vendor/discourse/"+file))
		require.NoError(t, err)
		list := gjson.GetBytes(text, path)
		if !list.IsArray() {
			list = gjson.Parse("[" + list.Raw + "]")
		}
		require.NotEmpty(t, list.Array(), file)
		for _, item := range list.Array() {
			p, err := parsePost(item, file)
			require.NoError(t, err, file)
			require.Equal(t, item.Raw, string(p.record.Data), "untouched")
			require.False(t, p.record.At.IsZero())
		}
	}
}

// endlessForum serves so many posts of a small forum, without topics.
func endlessForum(posts int) http.Handler {
	rest := `,"post_number":1,"created_at":"2020-01-01T00:00:00.000Z","updated_at":"2020-01-01T00:00:00.000Z","raw":"` + strings.Repeat("x", 500) + `"}`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/latest.json" {
			answer(w, r, `{"topic_list":{"topics":[]}}`)
			return
		}
		top := posts + 1
		if before := r.URL.Query().Get("before"); before != "" {
			fmt.Sscan(before, &top)
		}
		var page strings.Builder
		for id := top - 1; id > max(top-51, 0); id-- {
			if page.Len() > 0 {
				page.WriteByte(',')
			}
			fmt.Fprintf(&page, `{"id":%d,"topic_id":%d%s`, id, id, rest)
		}
		answer(w, r, `{"latest_posts":[`+page.String()+`]}`)
	})
}

var _ connectors.Connector = (*connector)(nil)
