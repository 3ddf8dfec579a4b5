package discourse

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/connectortest/replay"
)

func keyed(t *testing.T, h http.Handler) connectors.Source {
	return open(t, &clock{now: fakeNow}, h, "api_key", `"`+fakeKey+`"`, "bookmarks_query", "5")
}

func TestStreams_readWhatAnAdminMaySee(t *testing.T) {
	s := keyed(t, fakeForum(60))
	for stream, keys := range map[string][]string{
		"categories":     {"1", "2", "3"},
		"tags":           {"1", "2"},
		"groups":         {"1", "41", "42"},
		"group_members":  {"41:1", "41:2", "41:3"},
		"solutions":      {"15", "30", "45", "59"},
		"search_logs":    nil,
		"events":         {"3"},
		"event_invitees": {"3:7"},
		"bookmarks":      {"1", "2", "3", "4", "5", "6", "7"},
	} {
		l := newLake(stream)
		l.read(t, s, stream, nil)
		if keys != nil {
			require.ElementsMatch(t, keys, slices.Collect(mapsKeys(l.live())), stream)
		}
	}
	for stream, n := range map[string]int{"posts": 60, "topics": 13, "users": 20, "reviewables": 25, "search_logs": 2, "reactions": 21} {
		l := newLake(stream)
		l.read(t, s, stream, nil)
		require.Len(t, l.live(), n, stream)
	}
}

func TestCategories_withoutSubcategoriesMayHaveNull(t *testing.T) {
	s := keyed(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, `{"category_list":{"categories":[{"id":1,"subcategory_list":null},{"id":2,"subcategory_list":[{"id":3,"subcategory_list":null}]}]}}`)
	}))
	l := newLake(categoriesName)
	l.read(t, s, categoriesName, nil)
	require.ElementsMatch(t, []string{"1", "2", "3"}, slices.Collect(mapsKeys(l.live())))
}

func mapsKeys(records map[string]connectors.Record) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range records {
			if !yield(key) {
				return
			}
		}
	}
}

func TestStreams_withoutAdminRightsNameWhatWouldHelp(t *testing.T) {
	_, visitor := forum(t, at(afterAll), replay.Options{})
	_, plain := forum(t, at(afterAll), replay.Options{}, "api_key", `"some-users-key"`)
	for _, s := range []connectors.Source{visitor, plain} {
		for stream, help := range map[string]string{
			"users": "key of an admin", "visits": "key of an admin", "reactions": "key of an admin", "search_logs": "key of an admin",
			"reviewables": "moderator", "events": "discourse-calendar", "event_invitees": "discourse-calendar", "bookmarks": "bookmarks_query",
		} {
			var forbidden *connectors.ErrForbidden
			err := newLake(stream).tryRead(s, stream, nil, func(connectors.Batch) error { return nil })
			require.ErrorAs(t, err, &forbidden, stream)
			require.Equal(t, stream, forbidden.Stream)
			require.Contains(t, forbidden.Reason, help)
		}
	}
}

func TestStreams_closedForumIsForbiddenToVisitors(t *testing.T) {
	_, s := forum(t, at(afterAll), replay.Options{LoginRequired: true})
	for _, stream := range []string{"posts", "topics", "solutions", "categories", "tags", "groups"} {
		var forbidden *connectors.ErrForbidden
		require.ErrorAs(t, newLake(stream).tryRead(s, stream, nil, func(connectors.Batch) error { return nil }), &forbidden, stream)
		require.Contains(t, forbidden.Reason+"api_key", "api_key")
	}
	_, err := s.Check(context.Background())
	require.ErrorIs(t, err, connectors.ErrUnauthorized)
}

func TestCheck_saysWhatTheKeyMayRead(t *testing.T) {
	access, err := keyed(t, fakeForum(10)).Check(context.Background())
	require.NoError(t, err)
	require.Contains(t, access.Account, "system on http")
	require.Equal(t, fakeNow, access.ServerTime)
	for _, stream := range access.Streams {
		require.True(t, stream.Readable, stream.Stream)
	}

	_, visitor := forum(t, at(afterAll), replay.Options{})
	access, err = visitor.Check(context.Background())
	require.NoError(t, err)
	readable := map[string]bool{}
	for _, stream := range access.Streams {
		readable[stream.Stream] = stream.Readable
	}
	require.True(t, readable["posts"])
	require.False(t, readable["users"])

	stranger := open(t, at(afterAll), fakeForum(10), "api_key", `"not-the-key"`)
	_, err = stranger.Check(context.Background())
	require.ErrorIs(t, err, connectors.ErrUnauthorized)
}

func TestUsers_readsEverybodyOnceAndThenThoseSeen(t *testing.T) {
	c := at("2024-06-01")
	f, s := forum(t, c, replay.Options{Admin: true}, "api_key", `"k"`)
	l := newLake("users")
	l.read(t, s, "users", nil)
	pages := f.Requests()["/admin/users/list/{flag}"]
	require.Equal(t, (len(l.records)+99)/100+1, pages, "no page twice, and the empty one")
	for _, r := range l.records {
		require.Contains(t, gjson.GetBytes(r.Data, "email").String(), "@example.com")
	}
	before := len(l.records)
	c.now = c.now.AddDate(0, 1, 0)
	l.read(t, s, "users", l.cursor())
	require.Greater(t, len(l.records), before, "people who joined meanwhile")
	require.LessOrEqual(t, f.Requests()["/admin/users/list/{flag}"]-pages, 2, "one page by last seen, one by creation")

	whole := newLake("users")
	whole.read(t, s, "users", nil)
	require.ElementsMatch(t, slices.Collect(mapsKeys(whole.records)), slices.Collect(mapsKeys(l.records)))
}

func TestVisits_areByUserAndDay(t *testing.T) {
	c := at("2024-06-01")
	_, s := forum(t, c, replay.Options{Admin: true}, "api_key", `"k"`)
	l := newLake("visits")
	l.read(t, s, "visits", nil)
	require.NotEmpty(t, l.records)
	for key, r := range l.records {
		id, day, _ := strings.Cut(key, ":")
		require.Equal(t, gjson.GetBytes(r.Data, "id").String(), id)
		require.Equal(t, gjson.GetBytes(r.Data, "last_seen_at").Time().UTC().Format(time.DateOnly), day)
		require.GreaterOrEqual(t, day, "2024-05-31")
	}
	appended := l.appended
	l.read(t, s, "visits", l.cursor())
	require.Equal(t, appended, l.appended)
	c.now = c.now.AddDate(0, 0, 10) // after a pause, whoever came meanwhile
	l.read(t, s, "visits", l.cursor())
	days := map[string]bool{}
	for key := range l.records {
		_, day, _ := strings.Cut(key, ":")
		days[day] = true
	}
	require.Greater(t, len(days), 5)
}

func TestTopics_listAllThenThoseThatMoved(t *testing.T) {
	c := at("2024-06-01")
	f, s := forum(t, c, replay.Options{Pinned: []int64{7, 13}})
	l := newLake("topics")
	l.read(t, s, "topics", nil)
	pages := f.Requests()["/latest.json"]
	all := len(l.records)
	c.now = c.now.Add(2 * time.Hour)
	l.read(t, s, "topics", l.cursor())
	require.Equal(t, 1, f.Requests()["/latest.json"]-pages)
	c.now = c.now.AddDate(0, 9, 0) // more than a page of topics
	l.read(t, s, "topics", l.cursor())
	require.Greater(t, len(l.records), all)
	whole := newLake("topics")
	whole.read(t, s, "topics", nil)
	for key, r := range whole.records {
		require.True(t, whole.content(r) == l.content(l.records[key]), "topic %s", key)
	}
}

func TestSolutions_takenBackAreGone(t *testing.T) {
	solvedNow := true
	inner := fakeForum(60)
	unsolved, err := replay.New(strings.NewReader(string(fakePosts(60))), replay.Options{Now: func() time.Time { return fakeNow.Add(25 * time.Hour) }})
	require.NoError(t, err)
	s := keyed(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if solvedNow {
			inner.ServeHTTP(w, r)
			return
		}
		unsolved.ServeHTTP(w, r)
	}))
	l := newLake("solutions")
	l.read(t, s, "solutions", nil)
	require.Len(t, l.live(), 4)
	solvedNow = false
	l.read(t, s, "solutions", l.cursor())
	require.Empty(t, l.live())
}

func TestReactions_resumeFromEveryCursorAsksNobodyTwice(t *testing.T) {
	asked := 0
	inner := fakeForum(60)
	s := keyed(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/user_actions.json" && r.URL.Query().Get("offset") == "0" {
			asked++
		}
		inner.ServeHTTP(w, r)
	}))
	whole := newLake("reactions")
	whole.read(t, s, "reactions", nil)
	require.Equal(t, 20, asked)
	for i, cursor := range whole.cursors[:20] {
		asked = 0
		newLake("reactions").read(t, s, "reactions", cursor)
		require.Equal(t, 20-i-1, asked)
	}
}

func TestSearchLogs_keysHideTheTerm(t *testing.T) {
	l := newLake("search_logs")
	l.read(t, keyed(t, fakeForum(5)), "search_logs", nil)
	for key := range l.records {
		require.NotContains(t, strings.ToLower(key), "person")
		require.True(t, strings.HasPrefix(key, "2025-06-01:"))
	}
}

func TestBookmarks_aQueryWithoutItsParameterIsNamed(t *testing.T) {
	s := keyed(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, `{"columns":["id"],"rows":[[1],[2]]}`)
	}))
	var config *connectors.ErrConfig
	err := newLake("bookmarks").tryRead(s, "bookmarks", nil, func(connectors.Batch) error { return nil })
	require.ErrorAs(t, err, &config)
	require.Equal(t, "bookmarks_query", config.Setting)
}

func TestSpec_isValidAndNamesPathsThatExist(t *testing.T) {
	spec := New().Spec()
	require.NoError(t, spec.Validate())
	require.ElementsMatch(t, []string{"identity", "identity_role", "community", "community_member", "thread", "thread_reply", "answer",
		"community_event", "moderation_action", "community_gathering", "event_attendance"}, stagedTables(spec))
	for _, stream := range spec.Streams {
		var fields map[string]any
		if stream.Fields != "" {
			require.NoError(t, json.Unmarshal([]byte(stream.Fields), &fields), stream.Name)
		}
	}
}

func stagedTables(spec connectors.Spec) []string {
	var tables []string
	for table, sql := range spec.Staging {
		if strings.TrimSpace(sql) != "" {
			tables = append(tables, table)
		}
	}
	return tables
}

func TestOpen_namesTheSettingThatCannotBeUsed(t *testing.T) {
	for text, setting := range map[string]string{
		`{"url":"forum.example.com"}`: "url",
		`{}`:                          "url",
		`{"url":"https://f.example.com","reread":"soon"}`:            "reread",
		`{"url":"https://f.example.com","reread":"-3d"}`:             "reread",
		`{"url":"https://f.example.com","reread_every":"1 day"}`:     "reread_every",
		`{"url":"https://f.example.com","bookmarks_query":-1}`:       "bookmarks_query",
		`{"url":"https://f.example.com","reread":"99999999999999d"}`: "reread",
	} {
		_, err := New().Open(context.Background(), connectors.Settings(text), permits{})
		var config *connectors.ErrConfig
		require.ErrorAs(t, err, &config, text)
		require.Equal(t, setting, config.Setting, text)
	}
}

func TestPosts_sendTheKeyAndItsUser(t *testing.T) {
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		answer(w, r, `{"latest_posts":[],"topic_list":{"topics":[]}}`)
	}))
	defer server.Close()
	s := keyed(t, server.Config.Handler)
	l := newLake(postsName)
	l.read(t, s, postsName, nil)
	require.Equal(t, fakeKey, header.Get("Api-Key"))
	require.Equal(t, "system", header.Get("Api-Username"))
	require.Empty(t, l.records, "a forum without posts is read to its end")
	require.Equal(t, []connectors.Interval{{From: time.Unix(0, 0).UTC(), Until: fakeNow.Add(-settle)}}, l.covered)
}
