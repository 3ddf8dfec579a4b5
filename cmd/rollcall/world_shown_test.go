package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/internal/world"
)

// reread is how long after its last activity the Discourse connector looks at
// a topic again: a change made after that shows in a full read alone.
const reread = 30 * 24 * time.Hour

// told is what the world's log has told of content by a moment.
type told struct {
	world    *world.World
	at       world.Moment
	removed  map[world.PostID]*world.Event
	edited   map[world.PostID]*world.Event // the latest
	reacted  map[string]*world.Event       // by post and login; the latest is Reacted
	marked   map[string]*world.Event
	accepted map[world.ThreadID]*world.Event
	decided  map[world.ThreadID]*world.Event // the latest of accepting and taking back
	flagged  map[world.PostID]*world.Event   // the latest flag or judgement
	closed   map[world.ThreadID]bool
	starred  map[string]bool
	active   map[world.ThreadID][]world.Moment
}

func toldBy(w *world.World, at world.Moment) *told {
	s := &told{world: w, at: at, removed: map[world.PostID]*world.Event{}, edited: map[world.PostID]*world.Event{}, reacted: map[string]*world.Event{},
		marked: map[string]*world.Event{}, accepted: map[world.ThreadID]*world.Event{}, decided: map[world.ThreadID]*world.Event{},
		flagged: map[world.PostID]*world.Event{}, closed: map[world.ThreadID]bool{}, starred: map[string]bool{}, active: map[world.ThreadID][]world.Moment{}}
	for _, e := range w.Shown(0, at) {
		s.note(e)
	}
	return s
}

func (s *told) note(e *world.Event) {
	post, thread := world.PostID(e.Object), world.ThreadID(e.Other)
	pair := fmt.Sprintf("%d:%d", e.Object, e.Login)
	switch e.Kind {
	case world.ThreadOpened, world.Replied:
		s.active[thread] = append(s.active[thread], e.Seen)
	case world.Removed:
		s.removed[post] = e
	case world.Edited:
		s.edited[post] = e
	case world.Reacted:
		s.reacted[pair] = e
	case world.Unreacted:
		delete(s.reacted, pair)
	case world.Bookmarked:
		s.marked[pair] = e
	case world.Unbookmarked:
		delete(s.marked, pair)
	case world.Accepted:
		s.accepted[thread], s.decided[thread] = e, e
	case world.Unaccepted:
		delete(s.accepted, thread)
		s.decided[thread] = e
	case world.Flagged, world.FlagJudged:
		s.flagged[post] = e
	case world.ThreadClosed:
		s.closed[world.ThreadID(e.Object)] = true
	case world.Starred, world.Unstarred:
		s.starred[pair] = e.Kind == world.Starred
	}
}

// quiet says whether a thread had been without activity for so long when an
// event happened that only a full read shows it.
func (s *told) quiet(thread world.ThreadID, e *world.Event) bool {
	if e == nil {
		return false
	}
	last := world.Moment(0)
	for _, at := range s.active[thread] {
		if at <= e.Seen {
			last = max(last, at)
		}
	}
	return last.Add(reread) < e.Seen
}

// source are the posts of a source that people wrote and it has shown, with
// whether each is there no longer, by whatever was taken down.
func (s *told) posts(source world.Source, each func(id world.PostID, p *world.Post, gone *world.Event)) {
	for i := range s.world.Posts {
		p := &s.world.Posts[i]
		t := &s.world.Threads[p.Thread]
		if p.System || p.Seen >= s.at || s.world.Communities[t.Community].Source != source {
			continue
		}
		gone := s.removed[t.Opening]
		if gone == nil {
			gone = s.removed[world.PostID(i)]
		}
		each(world.PostID(i), p, gone)
	}
}

func (s *told) text(id world.PostID) string {
	version := 1
	if e := s.edited[id]; e != nil {
		version = int(e.Detail)
	}
	return s.world.Body(id, version)
}

// compare holds what is stored against the log. Unless all was just read, what
// changed in a quiet thread may not be known yet.
func (f *follower) compare(at world.Moment, full bool) {
	f.t.Helper()
	s := toldBy(f.world, at)
	for _, source := range []world.Source{world.Forum, world.Lab} {
		f.comparePosts(s, source, full)
		f.compareTopics(s, source, full)
		f.comparePeople(s, source)
		f.compareLikes(s, source, full)
		f.compareBookmarks(s, source)
		f.compareFlags(s, source)
	}
	f.compareThreads(s)
	f.compareComments(s)
	f.compareReactions(s, full)
	f.compareStars(s)
}

func (f *follower) comparePosts(s *told, source world.Source, full bool) {
	f.t.Helper()
	stored := f.stored("discourse__posts", source.Instance())
	written := 0
	s.posts(source, func(id world.PostID, p *world.Post, gone *world.Event) {
		written++
		record, ok := stored[strconv.FormatInt(p.ID, 10)]
		what := fmt.Sprintf("%s post %d", source.Instance(), p.ID)
		if gone != nil {
			removed := !ok || record.Get("user_deleted").Bool() || record.Get("hidden").Bool()
			require.True(f.t, removed || !full && s.quiet(p.Thread, gone), "%s is gone", what)
			return
		}
		require.True(f.t, ok, "%s is stored", what)
		require.Equal(f.t, f.world.Logins[p.Author].ID, record.Get("user_id").Int(), what)
		if full || !s.quiet(p.Thread, s.edited[id]) {
			require.Equal(f.t, s.text(id), record.Get("raw").Str, what)
		}
	})
	for key, record := range stored { // no post but those, and the forum's own notes
		if record.Get("post_type").Int() != 1 {
			require.EqualValues(f.t, 3, record.Get("post_type").Int(), key)
			delete(stored, key)
		}
	}
	require.LessOrEqual(f.t, len(stored), written)
}

func (f *follower) compareTopics(s *told, source world.Source, full bool) {
	f.t.Helper()
	topics, solutions := f.stored("discourse__topics", source.Instance()), f.stored("discourse__solutions", source.Instance())
	for i := range f.world.Threads {
		t, id := &f.world.Threads[i], world.ThreadID(i)
		if f.world.Communities[t.Community].Source != source || f.world.Posts[t.Opening].Seen >= s.at {
			continue
		}
		_, ok := topics[strconv.FormatInt(t.ID, 10)]
		gone := s.removed[t.Opening]
		require.True(f.t, ok == (gone == nil) || !full && s.quiet(id, gone), "%s topic %d", source.Instance(), t.ID)
		accepted := s.accepted[id]
		if gone != nil || accepted != nil && s.removed[world.PostID(accepted.Object)] != nil {
			continue
		}
		if accepted != nil && (full || !s.quiet(id, accepted)) {
			require.Contains(f.t, solutions, strconv.FormatInt(f.world.Posts[accepted.Object].ID, 10), "topic %d is solved", t.ID)
		}
	}
}

func (f *follower) comparePeople(s *told, source world.Source) {
	f.t.Helper()
	stored := f.stored("discourse__users", source.Instance())
	for i := range f.world.Logins {
		l, id := &f.world.Logins[i], world.LoginID(i)
		if l.Source != source || l.Made >= s.at {
			continue
		}
		record, ok := stored[strconv.FormatInt(l.ID, 10)]
		delete(stored, strconv.FormatInt(l.ID, 10))
		if l.Gone < s.at {
			require.True(f.t, !ok || strings.HasSuffix(record.Get("email").Str, "@anonymized.invalid"), "%s left", f.world.Username(id))
			continue
		}
		require.True(f.t, ok, "%s is stored", f.world.Username(id))
		var shown []string
		for _, email := range append([]gjson.Result{record.Get("email")}, record.Get("secondary_emails").Array()...) {
			if strings.Contains(email.Str, "@") {
				shown = append(shown, email.Str)
			}
		}
		require.ElementsMatch(f.t, f.world.AddressesOf(id, s.at), shown, f.world.Username(id))
	}
	require.Empty(f.t, stored, "nobody else")
}

func (f *follower) compareLikes(s *told, source world.Source, full bool) {
	f.t.Helper()
	stored := f.stored("discourse__reactions", source.Instance())
	expected := 0
	for _, e := range s.reacted {
		p := &f.world.Posts[e.Object]
		l := &f.world.Logins[e.Login]
		if l.Source != source || l.Gone < s.at || s.removed[world.PostID(e.Object)] != nil || s.removed[f.world.Threads[p.Thread].Opening] != nil {
			continue
		}
		expected++
		record, ok := stored[fmt.Sprintf("%d:%d", p.ID, l.ID)]
		require.True(f.t, ok, "the like of %s for post %d", f.world.Username(e.Login), p.ID)
		require.Equal(f.t, e.At.Time(), record.Get("created_at").Time().UTC())
	}
	if full { // a hidden post's likes are still shown
		require.InDelta(f.t, expected, len(stored), float64(len(s.removed)))
	}
}

func (f *follower) compareBookmarks(s *told, source world.Source) {
	f.t.Helper()
	expected := 0
	for _, e := range s.marked {
		l := &f.world.Logins[e.Login]
		removed := s.removed[world.PostID(e.Object)]
		if l.Source == source && l.Gone >= s.at && (removed == nil || removed.Login != f.world.Posts[e.Object].Author && s.flagged[world.PostID(e.Object)] != nil) &&
			s.removed[f.world.Threads[f.world.Posts[e.Object].Thread].Opening] == nil {
			expected++
		}
	}
	require.Len(f.t, f.stored("discourse__bookmarks", source.Instance()), expected)
}

func (f *follower) compareFlags(s *told, source world.Source) {
	f.t.Helper()
	byPost := map[int64]gjson.Result{}
	for _, record := range f.stored("discourse__reviewables", source.Instance()) {
		byPost[record.Get("post_id").Int()] = record
	}
	expected := 0
	for id, e := range s.flagged {
		if f.world.Communities[f.world.Threads[f.world.Posts[id].Thread].Community].Source != source {
			continue
		}
		expected++
		status := 0
		if e.Kind == world.FlagJudged {
			status = 1 + int(e.Detail)
		}
		require.EqualValues(f.t, status, byPost[f.world.Posts[id].ID].Get("status").Int(), "post %d", f.world.Posts[id].ID)
	}
	require.Len(f.t, byPost, expected)
}
