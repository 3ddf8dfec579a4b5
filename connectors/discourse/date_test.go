package discourse

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/connectortest/replay"
)

// dated answers for a forum under another Date than the forum's own.
func dated(f http.Handler, date string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		kept := httptest.NewRecorder()
		f.ServeHTTP(kept, r)
		w.Header().Set("Content-Type", kept.Header().Get("Content-Type"))
		w.Header()["Date"] = nil // none, unless set below
		if date != "" {
			w.Header().Set("Date", date)
		}
		w.WriteHeader(kept.Code)
		_, _ = w.Write(kept.Body.Bytes())
	}
}

// An archive is served under whatever date its server has, which does not move
// with the forum's own time: changes must show all the same.
func TestSource_followsAForumUnderAnyDate(t *testing.T) {
	for name, date := range map[string]string{
		"years ahead":  "Sun, 22 Nov 2026 16:00:00 GMT",
		"years behind": "Sat, 01 Jan 2011 00:00:00 GMT",
		"none":         "",
	} {
		t.Run(name, func(t *testing.T) {
			c := at("2023-09-01")
			f, _ := forum(t, c, replay.Options{})
			s := open(t, c, dated(f, date))
			lakes := map[string]*lake{postsName: newLake(postsName), topicsName: newLake(topicsName)}
			// Between these, single posts are edited whose topics never move again.
			for _, now := range []string{"2024-05-17T11:00:00Z", "2024-06-25T14:00:00Z", "2025-09-22T16:00:00Z", "2026-06-24T15:10:00Z", "2026-09-01T00:00:00Z"} {
				var err error
				c.now, err = time.Parse(time.RFC3339, now)
				require.NoError(t, err)
				for stream, l := range lakes {
					l.read(t, s, stream, l.cursor())
				}
			}
			undisturbed := map[string]*lake{postsName: newLake(postsName), topicsName: newLake(topicsName)}
			for stream, want := range undisturbed {
				want.read(t, s, stream, nil)
				got := lakes[stream].live()
				require.Len(t, got, len(want.live()))
				for key, r := range want.live() {
					require.Equal(t, r.At, got[key].At, "%s %s", stream, key)
				}
			}
		})
	}
}

// quiet answers 404 for every topic.
func quiet(f http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/t/") {
			http.NotFound(w, r)
			return
		}
		f.ServeHTTP(w, r)
	}
}

func TestReadPosts_buriesNothingWhereNoTopicAnswers(t *testing.T) {
	c := at("2024-01-01")
	f, _ := forum(t, c, replay.Options{})
	s := open(t, c, quiet(f))
	l := newLake(postsName)
	l.read(t, s, postsName, nil)
	for range 3 {
		c.now = c.now.AddDate(0, 2, 0)
		l.read(t, s, postsName, l.cursor())
	}
	require.Len(t, l.live(), len(l.records))
}

func TestReadCategories_areForbiddenWhereTheForumHasNoList(t *testing.T) {
	c := at("2024-01-01")
	s := open(t, c, http.NotFoundHandler())
	err := newLake(categoriesName).tryRead(s, categoriesName, nil, nil)
	var refused *connectors.ErrForbidden
	require.ErrorAs(t, err, &refused)
}

func TestReadTopics_readsListsWithoutALinkToTheNextPage(t *testing.T) {
	c := at("2024-01-01")
	f, whole := forum(t, c, replay.Options{})
	s := open(t, c, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kept := httptest.NewRecorder()
		f.ServeHTTP(kept, r)
		_, _ = w.Write([]byte(strings.ReplaceAll(kept.Body.String(), `"more_topics_url"`, `"other"`)))
	}))
	want, got := newLake(topicsName), newLake(topicsName)
	want.read(t, whole, topicsName, nil)
	got.read(t, s, topicsName, nil)
	require.Greater(t, len(want.records), 60)
	require.Len(t, got.records, len(want.records))
}

// After a long pause most topics are new, and the walk has brought their posts.
func TestReadPosts_asksOnlyForTopicsWithEarlierPosts(t *testing.T) {
	c := at("2024-06-01")
	f, s := forum(t, c, replay.Options{})
	l := newLake(postsName)
	l.read(t, s, postsName, nil)
	before, asked := f.Requests(), 0
	c.now = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	l.read(t, s, postsName, l.cursor())
	for path, n := range f.Requests() {
		if strings.HasPrefix(path, "/t/") {
			asked += n - before[path]
		}
	}
	require.Len(t, l.live(), f.Len())
	require.Positive(t, asked)
	require.Less(t, asked, 150)
}
