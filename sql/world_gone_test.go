package sql_test

import (
	"fmt"
	"slices"
	"time"

	"rollcall/internal/world"
)

func (f *worldFixture) isForum(c world.CommunityID) bool {
	return f.w.Communities[c].Source != world.GitHub
}

// withdraw takes away what the sources do not show any more.
func (f *worldFixture) withdraw() {
	if f.isAsSeen {
		f.withdrawPosts()
		f.withdrawLikes()
		f.withdrawVisits()
	}
	for shape, lines := range f.lines {
		f.lines[shape] = slices.DeleteFunc(lines, func(l line) bool { return l["gone"] == true })
		for _, l := range lines {
			delete(l, "gone")
		}
	}
}

// withdrawPosts: a thread goes with its opening. An author's reply goes a day
// after the author took it down; what an upheld flag was on is hidden, which not
// every look meets, and what GitHub's moderators took down minimised.
func (f *worldFixture) withdrawPosts() {
	removals := map[world.PostID]*world.Event{}
	for i := range f.w.Events {
		if e := &f.w.Events[i]; e.Kind == world.Removed && e.Seen < f.before {
			removals[world.PostID(e.Object)] = e
		}
	}
	for id, l := range f.posts {
		p := &f.w.Posts[id]
		e := removals[id]
		isHidden := slices.ContainsFunc(f.flags[id], func(flag line) bool { return flag["outcome"] == "upheld" })
		switch opening := f.w.Threads[p.Thread].Opening; {
		case removals[opening] != nil:
			l["gone"] = true
		case e == nil:
		case e.Login == p.Author && f.isForum(f.w.Threads[p.Thread].Community):
			l["gone"] = e.Seen.Add(24*time.Hour) < f.before
		case e.Login == p.Author && f.w.StaysEmpty(id):
			l["is_removed"] = true
			delete(l, "author_identity_id")
		case e.Login == p.Author:
			l["gone"] = true
		default:
			l["gone"] = f.isForum(f.w.Threads[p.Thread].Community) && (!isHidden || !f.w.MeetsHidden(id, f.after, f.before))
		}
	}
}

// withdrawLikes: a deleted account that wrote nothing takes its likes with it,
// and its bookmarks, which a list of all of them shows to be gone; a post that is
// gone takes those that it got.
func (f *worldFixture) withdrawLikes() {
	wrote, gone := map[string]bool{}, map[string]bool{}
	for i := range f.w.Events {
		switch e := &f.w.Events[i]; {
		case e.Seen >= f.before || e.Login == world.None:
		case e.Kind == world.ThreadOpened || e.Kind == world.Replied:
			wrote[f.w.IdentityID(e.Login)] = true
		case e.Kind == world.LoginGone:
			gone[f.w.IdentityID(e.Login)] = true
		}
	}
	lost := map[any]bool{}
	for id, l := range f.posts {
		lost[f.contentID(id)] = l["gone"] == true
	}
	for _, l := range f.deeds {
		who := l["identity_id"].(string)
		isGone := gone[who] && !wrote[who]
		l["gone"] = lost[l["content_id"]] || isGone && l["event_type"] == "reaction"
		if isGone && l["event_type"] == "bookmark" {
			l["is_removed"] = true
		}
	}
}

// withdrawVisits: forums tell of everybody they list when they were last seen,
// and a reader asks for those seen since the look before, or the day before.
func (f *worldFixture) withdrawVisits() {
	for _, l := range f.lines["community_event"] {
		if l["event_type"] == "visit" {
			l["gone"] = true
		}
	}
	from := f.before.Time().Truncate(24*time.Hour).AddDate(0, 0, -1)
	if f.after != 0 && f.after.Time().Before(from) {
		from = f.after.Time()
	}
	for login, at := range f.w.SeenAtForums(world.MomentOf(from), f.before) {
		id, community := f.w.IdentityID(login), "discourse:"+f.w.Logins[login].Source.Instance()
		f.put("community_event", line{"event_id": fmt.Sprintf("%s:visit:%d:%s", community, login, at.Time().Format(time.DateOnly)), "community_id": community,
			"identity_id": id, "event_type": "visit", "occurred_at": moment(at)})
	}
}
