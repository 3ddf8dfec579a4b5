package replay_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors/connectortest/replay"
)

func line(id, topic, number int, created, updated, raw string) string {
	return fmt.Sprintf(`{"id":%d,"topic_id":%d,"post_number":%d,"post_type":1,"user_id":7,"username":"ada","created_at":%q,"updated_at":%q,"reads":3,"raw":%q,"topic_title":"T","category_id":2}`,
		id, topic, number, created, updated, raw)
}

func recording() string {
	return strings.Join([]string{
		line(1, 1, 1, "2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.000Z", "first"),
		line(1, 1, 1, "2024-01-01T00:00:00.000Z", "2024-01-03T00:00:00.000Z", "edited"),
		line(90, 1, 2, "2024-01-02T00:00:00.000Z", "2024-01-02T00:00:00.000Z", "reply"),
		line(91, 2, 1, "2024-01-04T00:00:00.000Z", "2024-01-04T00:00:00.000Z", "later"),
	}, "\n")
}

func get(t *testing.T, h http.Handler, url string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, url, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func ids(w *httptest.ResponseRecorder, path string) string {
	return gjson.Get(w.Body.String(), path).Raw
}

func TestForum_showsOnlyWhatExistsAtTheSimulatedTime(t *testing.T) {
	now := time.Date(2024, 1, 2, 12, 0, 0, 0, time.UTC)
	f, err := replay.New(strings.NewReader(recording()), replay.Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	w := get(t, f, "/posts.json")
	require.Equal(t, "[90,1]", ids(w, "latest_posts.#.id"))
	require.Equal(t, `["reply","first"]`, ids(w, "latest_posts.#.raw"))
	require.Equal(t, now.Format(http.TimeFormat), w.Header().Get("Date"))

	now = now.Add(48 * time.Hour)
	w = get(t, f, "/posts.json")
	require.Equal(t, `["later","reply","edited"]`, ids(w, "latest_posts.#.raw"))
	require.Equal(t, "[3,5,6]", ids(w, "latest_posts.#.reads"))
	require.Equal(t, 3, f.Len())
}

func TestForum_windowsOfPosts(t *testing.T) {
	now := func() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }
	for window, want := range map[replay.Window][3]string{
		replay.WindowNew: {"[91,90,1]", "[1]", "[]"},
		replay.WindowOld: {"[91,90]", "[90]", "[1]"},
	} {
		f, err := replay.New(strings.NewReader(recording()), replay.Options{Now: now, Window: window})
		require.NoError(t, err)
		require.Equal(t, want[0], ids(get(t, f, "/posts.json"), "latest_posts.#.id"))
		require.Equal(t, want[1], ids(get(t, f, "/posts.json?before=90"), "latest_posts.#.id"))
		require.Equal(t, want[2], ids(get(t, f, "/posts.json?before=1"), "latest_posts.#.id"))
		if window == replay.WindowOld {
			require.Equal(t, "[]", ids(get(t, f, "/posts.json?before=60"), "latest_posts.#.id"))
		}
	}
}

func TestForum_topicsOmitTitleAndRawUnlessAsked(t *testing.T) {
	now := func() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }
	f, err := replay.New(strings.NewReader(recording()), replay.Options{Now: now, Pinned: []int64{1}})
	require.NoError(t, err)
	latest := get(t, f, "/latest.json?order=activity")
	require.Equal(t, "[1,2]", ids(latest, "topic_list.topics.#.id"), "pinned floats")
	require.Equal(t, "null", ids(latest, "topic_list.topics.0.last_posted_at"))
	plain := get(t, f, "/t/1.json")
	require.Equal(t, "[1,90]", ids(plain, "post_stream.stream"))
	require.False(t, gjson.Get(plain.Body.String(), "post_stream.posts.0.raw").Exists())
	raw := get(t, f, "/t/1/posts.json?post_ids[]=90&include_raw=true")
	require.Equal(t, `["reply"]`, ids(raw, "post_stream.posts.#.raw"))
	require.False(t, gjson.Get(raw.Body.String(), "post_stream.posts.0.topic_title").Exists())

	f.DeletePost(90)
	require.Equal(t, "[1]", ids(get(t, f, "/t/1.json"), "post_stream.stream"))
	f.DeleteTopic(1)
	require.Equal(t, http.StatusNotFound, get(t, f, "/t/1.json").Code)
	require.Equal(t, "[91]", ids(get(t, f, "/posts.json"), "latest_posts.#.id"))
}

func TestForum_adminListCountsPagesFromOne(t *testing.T) {
	now := func() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }
	f, err := replay.New(strings.NewReader(recording()), replay.Options{Now: now, Admin: true, Key: "k"})
	require.NoError(t, err)
	list := "/admin/users/list/active.json?order=created&asc=true&show_emails=true"
	require.Equal(t, http.StatusNotFound, get(t, f, list).Code)
	require.Equal(t, http.StatusForbidden, get(t, f, list, "Api-Key", "other").Code)
	zero, one := get(t, f, list+"&page=0", "Api-Key", "k"), get(t, f, list+"&page=1", "Api-Key", "k")
	require.Equal(t, `["user7@example.com"]`, ids(zero, "#.email"))
	require.Equal(t, zero.Body.String(), one.Body.String())
	require.Equal(t, "[]", get(t, f, list+"&page=2", "Api-Key", "k").Body.String())
	require.Equal(t, http.StatusBadRequest, get(t, f, "/directory_items.json?page=11").Code)
}

func TestForum_refusesForRateInBothForms(t *testing.T) {
	now := func() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }
	limits := []replay.Limit{replay.LimitKey, replay.LimitIP, replay.LimitNone}
	f, err := replay.New(strings.NewReader(recording()), replay.Options{Now: now, RetryAfter: 1500 * time.Millisecond,
		Limited: func(_ *http.Request, n int64) replay.Limit { return limits[n-1] }})
	require.NoError(t, err)
	key := get(t, f, "/posts.json")
	require.Equal(t, http.StatusTooManyRequests, key.Code)
	require.Equal(t, "2", ids(key, "extras.wait_seconds"))
	ip := get(t, f, "/posts.json")
	require.Equal(t, "text/plain", ip.Header().Get("Content-Type"))
	require.Equal(t, "2", ip.Header().Get("Retry-After"))
	require.Equal(t, http.StatusOK, get(t, f, "/posts.json").Code)
	require.Equal(t, map[string]int{"429": 2, "/posts.json": 1}, f.Requests())
}

func TestForum_servesTheWholeRealForum(t *testing.T) {
	f, err := replay.New(realForum(t), replay.Options{Now: func() time.Time { return time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC) }})
	require.NoError(t, err)
	require.Equal(t, 4661, f.Len())
}

func realForum(t *testing.T) io.Reader {
	t.Helper()
	shared := os.Getenv("ROLLCALL_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "..", "shared")
	}
	file, err := os.Open(filepath.Join(shared, "data", "discourse-delving", "posts.jsonl.gz"))
	if os.IsNotExist(err) {
		t.Skip("the recorded forum is not beside the repository; set ROLLCALL_SHARED")
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	return file
}
