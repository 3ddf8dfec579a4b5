package discourse

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/replay"
)

// sparse is a forum of posts with these ids, those in whispers being of the
// kind that /posts.json leaves out.
func sparse(t *testing.T, window replay.Window, ids, whispers []int) *replay.Forum {
	t.Helper()
	var lines bytes.Buffer
	for kind, list := range map[int][]int{1: ids, 4: whispers} {
		for _, id := range list {
			when := fakeNow.AddDate(-1, 0, 0).Add(time.Duration(id) * time.Hour).Format(time.RFC3339)
			fmt.Fprintf(&lines, `{"id":%d,"topic_id":1,"post_number":%d,"post_type":%d,"user_id":1,"created_at":%q,"updated_at":%q,"topic_title":"T","category_id":1}`+"\n", id, id, kind, when, when)
		}
	}
	f, err := replay.New(&lines, replay.Options{Window: window, Now: func() time.Time { return fakeNow }})
	require.NoError(t, err)
	return f
}

func count(from, until int) []int {
	var ids []int
	for id := from; id < until; id++ {
		ids = append(ids, id)
	}
	return ids
}

func TestPosts_gapsWiderThanAWindowAreCrossed(t *testing.T) {
	ids := append(append(count(603, 640), 1000), count(1600, 1730)...)
	for _, window := range []replay.Window{replay.WindowNew, replay.WindowOld} {
		f := sparse(t, window, ids, nil)
		l := newLake(postsName)
		l.read(t, open(t, &clock{now: fakeNow}, f), postsName, nil)
		require.Len(t, l.live(), len(ids))
	}
	f := sparse(t, replay.WindowNew, ids, nil)
	newLake(postsName).read(t, open(t, &clock{now: fakeNow}, f), postsName, nil)
	require.LessOrEqual(t, f.Requests()["/posts.json"], 6, "the new form is not searched by windows")
}

func TestPosts_newestWindowAllPrivateIsNoEmptyForum(t *testing.T) {
	f := sparse(t, replay.WindowOld, count(1, 100), count(100, 190))
	l := newLake(postsName)
	l.read(t, open(t, &clock{now: fakeNow}, f), postsName, nil)
	for _, id := range count(1, 100) {
		require.Contains(t, l.live(), fmt.Sprint(id))
	}
}

func TestPosts_pageOfAnotherQuestionIsAskedForAgain(t *testing.T) {
	for nth := 2; nth <= 4; nth++ {
		forum := sparse(t, replay.WindowNew, count(1, 300), nil)
		faulty := connectortest.Faults{Nth: map[int]connectortest.Fault{nth: connectortest.DuplicatePage}}.Wrap(forum)
		l := newLake(postsName)
		l.read(t, open(t, &clock{now: fakeNow}, http.Handler(faulty)), postsName, nil)
		require.Len(t, l.live(), 299)
	}
}

func TestActiveSince_isNotEndedByPinnedTopics(t *testing.T) {
	f, s := forum(t, at("2024-06-01"), replay.Options{Pinned: []int64{7, 13}})
	since := at("2024-01-01").now
	found := map[int64]bool{}
	err := s.(*source).activeSince(t.Context(), postsName, func(_, _ time.Time) time.Time { return since }, func(topic listed) error {
		found[topic.id] = true
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(found), 30, "more than the first page")
	require.False(t, found[7], "a pinned topic that slept is not active")
	require.Less(t, f.Requests()["/latest.json"], 12, "it ends where topics are older")
}
