package discourse

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/connectortest/replay"
)

const afterAll = "2026-10-01" // past the recording's last post

// requireForum checks that a lake holds just what the forum shows.
func requireForum(t *testing.T, f *replay.Forum, l *lake) {
	t.Helper()
	live := l.live()
	require.Len(t, live, f.Len())
	for key, r := range live {
		id, err := strconv.ParseInt(key, 10, 64)
		require.NoError(t, err)
		shown := f.Post(id)
		require.NotNil(t, shown, "post %s is not on the forum", key)
		for _, path := range []string{"updated_at", "version", "cooked", "raw", "topic_id", "actions_summary", "reactions", "user_deleted"} {
			same := gjson.GetBytes(shown, path).Raw == gjson.GetBytes(r.Data, path).Raw
			require.True(t, same, "post %s has another %s than the forum", key, path)
		}
	}
}

func TestPosts_readsEveryPostOfARealForumInBothForms(t *testing.T) {
	for window, requests := range map[replay.Window]int{replay.WindowNew: 100, replay.WindowOld: 260} {
		f, s := forum(t, at(afterAll), replay.Options{Window: window})
		l := newLake(postsName)
		l.read(t, s, postsName, nil)
		require.Len(t, l.records, 4661)
		requireForum(t, f, l)
		require.LessOrEqual(t, f.Requests()["/posts.json"], requests)
		first := l.covered[0]
		require.True(t, first.From.After(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), "claims downwards, not at once")
		last := l.covered[len(l.covered)-1]
		require.Equal(t, time.Unix(0, 0).UTC(), last.From, "complete to the beginning")
		require.Equal(t, at(afterAll).Now().Add(-settle), last.Until)
	}
}

func TestPosts_unchangedForumCostsTwoRequestsAndAppendsNothing(t *testing.T) {
	c := at(afterAll)
	f, s := forum(t, c, replay.Options{Pinned: []int64{7, 13}})
	l := newLake(postsName)
	l.read(t, s, postsName, nil)
	before, appended, until := f.Requests(), l.appended, c.now.Add(-settle)
	c.now = c.now.Add(time.Hour)
	l.read(t, s, postsName, l.cursor())
	require.Contains(t, l.covered, connectors.Interval{From: until, Until: c.now.Add(-settle)}, "coverage goes on without a gap")
	after := f.Requests()
	require.Equal(t, appended, l.appended)
	require.Equal(t, 1, after["/posts.json"]-before["/posts.json"])
	require.Equal(t, 1, after["/latest.json"]-before["/latest.json"])
	require.Equal(t, before["/t/{id}"], after["/t/{id}"])
}

func TestPosts_roundAppendsNothingWhereNothingChanged(t *testing.T) {
	c := at(afterAll)
	f, s := forum(t, c, replay.Options{})
	l := newLake(postsName)
	l.read(t, s, postsName, nil)
	topics, appended := f.Requests()["/t/{id}"], l.appended
	c.now = c.now.Add(25 * time.Hour)
	l.read(t, s, postsName, l.cursor())
	require.Greater(t, f.Requests()["/t/{id}"], topics, "a round is due every day")
	require.Equal(t, appended, l.appended)
}

func TestPosts_stepsOfMonthsEndAsOneRead(t *testing.T) {
	c := at("2022-09-01")
	f, s := forum(t, c, replay.Options{Window: replay.WindowOld, Pinned: []int64{7, 13}})
	l := newLake(postsName)
	for c.now.Before(at(afterAll).now) {
		l.read(t, s, postsName, l.cursor())
		c.now = c.now.AddDate(0, 1, 0)
	}
	c.now = at(afterAll).now
	l.read(t, s, postsName, l.cursor())
	requireForum(t, f, l)

	whole := newLake(postsName)
	whole.read(t, s, postsName, nil)
	require.Len(t, l.records, len(whole.records))
	for key, r := range whole.records {
		require.True(t, whole.content(r) == l.content(l.records[key]), "post %s", key)
	}
}

func TestPosts_editsComeThroughAsTheClockMoves(t *testing.T) {
	edited := map[int64][2]string{ // first and last recorded updated_at
		183: {"2023-09-11T01:48:12.494Z", "2023-09-11T11:59:50.603Z"}, 2979: {"2024-08-17T19:41:38.658Z", "2024-08-18T19:13:58.537Z"},
		7951: {"2026-06-30T20:46:36.491Z", "2026-06-30T22:03:02.055Z"},
	}
	for id, versions := range edited {
		first, err := time.Parse(time.RFC3339, versions[0])
		require.NoError(t, err)
		c := &clock{now: first.Add(time.Minute)}
		_, s := forum(t, c, replay.Options{})
		l := newLake(postsName)
		l.read(t, s, postsName, nil)
		key := strconv.FormatInt(id, 10)
		require.Equal(t, versions[0], gjson.GetBytes(l.records[key].Data, "updated_at").String())
		c.now = c.now.Add(25 * time.Hour)
		l.read(t, s, postsName, l.cursor())
		require.Equal(t, versions[1], gjson.GetBytes(l.records[key].Data, "updated_at").String(), "post %d", id)
	}
}

// errCut stands for a host that dies.
var errCut = errors.New("cut")

func TestPosts_resumingFromEveryCursorLosesNothing(t *testing.T) {
	c := at("2024-02-01")
	f, s := forum(t, c, replay.Options{})
	whole := newLake(postsName)
	whole.read(t, s, postsName, nil)
	pages := f.Requests()["/posts.json"]
	for cut := range len(whole.cursors) {
		c.now = at("2024-02-01").now
		l := newLake(postsName)
		n := 0
		err := l.tryRead(s, postsName, nil, func(b connectors.Batch) error {
			if n++; n > cut+1 {
				return errCut
			}
			return l.store(b)
		})
		if cut+1 < n {
			require.ErrorIs(t, err, errCut)
		}
		c.now = at("2024-02-05").now // posts, replies and edits meanwhile
		before := f.Requests()["/posts.json"]
		l.read(t, s, postsName, l.cursor())
		requireForum(t, f, l)
		const meanwhile = 6 // pages of young posts
		require.LessOrEqual(t, f.Requests()["/posts.json"]-before, pages-min(cut, pages)+meanwhile, "goes on, does not start over")
	}
}

func TestPosts_deletionsShow(t *testing.T) {
	c := at("2024-03-01")
	f, s := forum(t, c, replay.Options{})
	l := newLake(postsName)
	l.read(t, s, postsName, nil)
	young := newestReply(t, l, nil)
	topic := gjson.GetBytes(newestReply(t, l, map[string]bool{gjson.GetBytes(young, "topic_id").String(): true}), "topic_id").Int()
	f.DeletePost(gjson.GetBytes(young, "id").Int())
	f.DeleteTopic(topic)
	c.now = c.now.Add(25 * time.Hour)
	l.read(t, s, postsName, l.cursor())
	require.True(t, l.records[gjson.GetBytes(young, "id").String()].Deleted)
	for key, r := range l.records {
		if gjson.GetBytes(r.Data, "topic_id").Int() == topic {
			require.True(t, r.Deleted, "post %s of a topic that is gone", key)
		}
	}
	requireForum(t, f, l)
}

// newestReply is the newest post that opens no topic and is in none of those.
func newestReply(t *testing.T, l *lake, not map[string]bool) []byte {
	t.Helper()
	var newest []byte
	for _, r := range l.records {
		post := gjson.ParseBytes(r.Data)
		if post.Get("post_number").Int() > 1 && !not[post.Get("topic_id").String()] && post.Get("id").Int() > gjson.GetBytes(newest, "id").Int() {
			newest = r.Data
		}
	}
	require.NotNil(t, newest)
	return newest
}

func TestPosts_likesAndMovesOfYoungPostsShow(t *testing.T) {
	c := at("2024-03-01")
	f, s := forum(t, c, replay.Options{})
	l := newLake(postsName)
	l.read(t, s, postsName, nil)
	post := newestReply(t, l, nil)
	id := gjson.GetBytes(post, "id")
	liked := replaceMember(t, f.Post(id.Int()), "actions_summary", `[{"id":2,"count":41}]`)
	liked = replaceMember(t, liked, "topic_id", `999999`)
	require.NoError(t, f.Put(liked))
	c.now = c.now.Add(25 * time.Hour)
	l.read(t, s, postsName, l.cursor())
	require.EqualValues(t, 41, gjson.GetBytes(l.records[id.String()].Data, "actions_summary.0.count").Int())
	require.False(t, l.records[id.String()].Deleted, "moved, not gone")
	requireForum(t, f, l)
}

func TestPosts_sinceReadsAPartWithoutTombstonesElsewhere(t *testing.T) {
	c := at("2024-03-01")
	f, s := forum(t, c, replay.Options{})
	l := newLake(postsName)
	since := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
	l.read(t, s, postsName, connectors.SinceCursor(since))
	for id := int64(1); id <= 3000; id++ {
		post := f.Post(id)
		if post != nil && gjson.GetBytes(post, "created_at").Time().After(since) {
			require.Contains(t, l.records, strconv.FormatInt(id, 10))
		}
	}
	require.Less(t, f.Requests()["/posts.json"], 20)
}

func TestPosts_unknownCursorHasExpired(t *testing.T) {
	_, s := forum(t, at("2023-01-01"), replay.Options{})
	for _, cursor := range []string{`{"v":2}`, `no`, `{"v":1,"topics":"%%"}`, `{"v":1,"topics":7}`} {
		err := newLake(postsName).tryRead(s, postsName, connectors.Cursor(cursor), nil)
		require.ErrorIs(t, err, connectors.ErrCursorExpired, cursor)
	}
}

func TestPosts_bothRateRefusalsAreWaitedOut(t *testing.T) {
	c := at("2023-06-01")
	_, s := forum(t, c, replay.Options{RetryAfter: 3 * time.Second, Limited: func(_ *http.Request, n int64) replay.Limit {
		switch n % 4 {
		case 1:
			return replay.LimitKey
		case 2:
			return replay.LimitIP
		}
		return replay.LimitNone
	}})
	started := c.Now()
	l := newLake(postsName)
	l.read(t, s, postsName, nil)
	require.NotEmpty(t, l.records)
	require.GreaterOrEqual(t, c.Now().Sub(started), 6*time.Second)
}

func TestPosts_longRefusalPausesTheRun(t *testing.T) {
	c := at("2023-06-01")
	for _, limit := range []replay.Limit{replay.LimitKey, replay.LimitIP} {
		_, s := forum(t, c, replay.Options{RetryAfter: 2 * time.Minute, Limited: func(*http.Request, int64) replay.Limit { return limit }})
		var limited *connectors.RateLimited
		require.ErrorAs(t, newLake(postsName).tryRead(s, postsName, nil, nil), &limited)
		require.Equal(t, c.Now().Add(2*time.Minute), limited.Until)
	}
}

func replaceMember(t *testing.T, object []byte, name, value string) []byte {
	t.Helper()
	found := gjson.GetBytes(object, name)
	require.True(t, found.Exists())
	changed := append([]byte{}, object[:found.Index]...)
	changed = append(changed, value...)
	return append(changed, object[found.Index+len(found.Raw):]...)
}
