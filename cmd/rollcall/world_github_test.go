package main

import (
	"fmt"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/internal/world"
)

// numbered are GitHub's records of some streams by their number.
func (f *follower) numbered(tables ...string) map[int64]gjson.Result {
	f.t.Helper()
	all := map[int64]gjson.Result{}
	for _, table := range tables {
		for key, record := range f.stored("github__"+table, "tidewater") {
			number := record.Get("databaseId").Int()
			if number == 0 {
				number = record.Get("fullDatabaseId").Int()
			}
			require.NotZero(f.t, number, key)
			require.NotContains(f.t, all, number)
			all[number] = record
		}
	}
	return all
}

func (f *follower) compareThreads(s *told) {
	f.t.Helper()
	stored := f.numbered("discussions", "issues")
	for i := range f.world.Threads {
		t, id := &f.world.Threads[i], world.ThreadID(i)
		opening := &f.world.Posts[t.Opening]
		if f.world.Communities[t.Community].Source != world.GitHub || opening.Seen >= s.at {
			continue
		}
		record, ok := stored[t.ID]
		delete(stored, t.ID)
		require.Equal(f.t, s.removed[t.Opening] == nil, ok, "thread %d", t.ID)
		if !ok {
			continue
		}
		require.Equal(f.t, s.text(t.Opening), record.Get("bodyText").Str)
		require.Equal(f.t, f.world.Title(id), record.Get("title").Str)
		require.EqualValues(f.t, t.Number, record.Get("number").Int())
		require.Equal(f.t, s.closed[id], record.Get("closed").Bool(), "thread %d", t.ID)
		require.Equal(f.t, opening.At.Time(), record.Get("createdAt").Time().UTC())
		require.Equal(f.t, f.world.Logins[opening.Author].ID, record.Get("author.databaseId").Int())
		f.compareAnswer(s, id, record)
	}
	require.Empty(f.t, stored, "no other thread")
}

func (f *follower) compareAnswer(s *told, id world.ThreadID, record gjson.Result) {
	f.t.Helper()
	accepted := s.accepted[id]
	if accepted != nil && s.removed[world.PostID(accepted.Object)] != nil {
		return
	}
	require.Equal(f.t, accepted != nil, record.Get("answer.id").Exists(), "discussion %d", record.Get("number").Int())
	if accepted != nil {
		require.Equal(f.t, accepted.At.Time(), record.Get("answerChosenAt").Time().UTC())
		require.Equal(f.t, f.world.Logins[accepted.Login].ID, record.Get("answerChosenBy.databaseId").Int())
	}
}

func (f *follower) compareComments(s *told) {
	f.t.Helper()
	stored := f.numbered("discussion_comments", "issue_comments")
	s.posts(world.GitHub, func(id world.PostID, p *world.Post, gone *world.Event) {
		if f.world.Threads[p.Thread].Opening == id {
			return
		}
		record, ok := stored[p.ID]
		delete(stored, p.ID)
		if gone != nil {
			require.True(f.t, !ok || record.Get("isMinimized").Bool() || record.Get("deletedAt").Str != "", "comment %d is gone", p.ID)
			return
		}
		require.True(f.t, ok, "comment %d is stored", p.ID)
		require.Equal(f.t, s.text(id), record.Get("bodyText").Str, "comment %d", p.ID)
		require.Equal(f.t, f.world.Logins[p.Author].ID, record.Get("author.databaseId").Int())
	})
	require.Empty(f.t, stored, "no other comment")
}

func (f *follower) compareReactions(s *told, full bool) {
	f.t.Helper()
	stored := map[string]bool{}
	for _, record := range f.stored("github__reactions", "tidewater") {
		stored[fmt.Sprintf("%s:%d:%s", record.Get("reactable.id").Str, record.Get("user.databaseId").Int(), record.Get("createdAt").Str)] = true
	}
	expected := 0
	for _, e := range s.reacted {
		p := &f.world.Posts[e.Object]
		if f.world.Logins[e.Login].Source == world.GitHub && s.removed[world.PostID(e.Object)] == nil && s.removed[f.world.Threads[p.Thread].Opening] == nil {
			expected++
		}
	}
	require.GreaterOrEqual(f.t, len(stored), expected)
	if full { // reactions of comments that are minimised stay
		require.InDelta(f.t, expected, len(stored), float64(len(s.removed)))
	}
}

func (f *follower) compareStars(s *told) {
	f.t.Helper()
	expected := 0
	for _, on := range s.starred {
		if on {
			expected++
		}
	}
	require.Len(f.t, f.stored("github__stars", "tidewater"), expected)
	staff := 0
	for i := range f.world.Logins {
		if l := &f.world.Logins[i]; l.Source == world.GitHub && l.Made < s.at && f.world.People[l.Person].Kind == world.Staff {
			staff++
		}
	}
	require.Len(f.t, f.stored("github__members", "tidewater"), staff)
}
