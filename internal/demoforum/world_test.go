package demoforum

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

var end = time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)

func TestNew_makesTheSameForumTwice(t *testing.T) {
	one, err := json.Marshal(all(New(Options{Seed: 7, End: end})))
	require.NoError(t, err)
	two, err := json.Marshal(all(New(Options{Seed: 7, End: end})))
	require.NoError(t, err)
	other, err := json.Marshal(all(New(Options{Seed: 8, End: end})))
	require.NoError(t, err)
	require.True(t, bytes.Equal(one, two))
	require.False(t, bytes.Equal(one, other))
}

func all(f *Forum) []any {
	var list []any
	for _, p := range f.Posts {
		list = append(list, p.json(true))
	}
	for _, u := range f.Users {
		list = append(list, u.json(f.End, true))
	}
	return list
}

func TestNew_looksLikeAForum(t *testing.T) {
	f := New(Options{Seed: 7, End: end})
	require.Greater(t, len(f.Topics), 300)
	require.Greater(t, len(f.Posts), 2*len(f.Topics))
	unanswered, edited, silent := 0, 0, 0
	usernames := map[string]bool{}
	for i, p := range f.Posts {
		require.True(t, p.Created.Before(f.End))
		require.False(t, p.Created.Before(p.Author.Joined), "nobody writes before joining")
		require.False(t, p.Updated.Before(p.Created))
		if i > 0 {
			require.Greater(t, p.ID, f.Posts[i-1].ID)
			require.False(t, p.Created.Before(f.Posts[i-1].Created))
		}
		if p.Version > 1 {
			edited++
		}
	}
	for _, topic := range f.Topics {
		for i, p := range topic.Posts {
			require.EqualValues(t, i+1, p.Number)
		}
		if len(topic.Posts) == 1 {
			unanswered++
		}
	}
	for _, u := range f.Users {
		require.False(t, usernames[u.Username], u.Username)
		usernames[u.Username] = true
		if u.posts == 0 {
			silent++
		}
	}
	require.NotZero(t, edited)
	require.InDelta(t, 0.2, float64(unanswered)/float64(len(f.Topics)), 0.12)
	require.Greater(t, silent, 30, "some only read")
}

func get(t *testing.T, url, key string) (int, gjson.Result) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	if key != "" {
		request.Header.Set("Api-Key", key)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(response.Body)
	require.NoError(t, err)
	return response.StatusCode, gjson.ParseBytes(body.Bytes())
}

func TestHandler_pagesAsDiscourseDoes(t *testing.T) {
	f := New(Options{Seed: 7, End: end})
	server := httptest.NewServer(f.Handler("k"))
	t.Cleanup(server.Close)

	regular, before := 0, int64(1<<40)
	for {
		_, body := get(t, fmt.Sprintf("%s/posts.json?before=%d", server.URL, before), "")
		posts := body.Get("latest_posts").Array()
		if len(posts) == 0 {
			break
		}
		require.LessOrEqual(t, len(posts), 50)
		for _, p := range posts {
			require.Less(t, p.Get("id").Int(), before)
			before = p.Get("id").Int()
			regular++
		}
	}
	want := 0
	for _, p := range f.Posts {
		if !p.Action {
			want++
		}
	}
	require.Equal(t, want, regular)

	topics, page := 0, 0
	for more := true; more; page++ {
		_, body := get(t, fmt.Sprintf("%s/latest.json?order=activity&page=%d", server.URL, page), "")
		topics += len(body.Get("topic_list.topics").Array())
		more = body.Get("topic_list.more_topics_url").Exists()
	}
	require.Len(t, f.Topics, topics)

	users := 0
	for page := 1; ; page++ {
		_, body := get(t, fmt.Sprintf("%s/admin/users/list/active.json?page=%d&show_emails=true", server.URL, page), "k")
		if len(body.Array()) == 0 {
			break
		}
		require.Contains(t, body.Get("0.email").String(), "@")
		users += len(body.Array())
	}
	require.Len(t, f.Users, users)
}

func TestHandler_keepsAdminRoutesFromVisitors(t *testing.T) {
	server := httptest.NewServer(New(Options{Seed: 7, End: end}).Handler("k"))
	t.Cleanup(server.Close)
	for _, key := range []string{"", "wrong"} {
		status, _ := get(t, server.URL+"/admin/users/list/active.json", key)
		require.Equal(t, http.StatusNotFound, status)
	}
	status, _ := get(t, server.URL+"/t/999999.json", "k")
	require.Equal(t, http.StatusNotFound, status)
}

func TestHandler_sendsATopicInChunks(t *testing.T) {
	f := New(Options{Seed: 7, End: end})
	server := httptest.NewServer(f.Handler("k"))
	t.Cleanup(server.Close)
	topic := f.Topics[0]
	_, body := get(t, fmt.Sprintf("%s/t/%d.json", server.URL, topic.ID), "")
	require.Len(t, body.Get("post_stream.stream").Array(), len(topic.Posts))
	require.False(t, body.Get("post_stream.posts.0.topic_title").Exists(), "only /posts.json names the topic")
	_, body = get(t, fmt.Sprintf("%s/t/%d/posts.json?post_ids[]=%d", server.URL, topic.ID, topic.Posts[0].ID), "")
	require.Len(t, body.Get("post_stream.posts").Array(), 1)
}
