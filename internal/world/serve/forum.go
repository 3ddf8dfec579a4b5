package serve

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall/internal/world"
)

// stubLasts is how long a post that its author took down stays to be seen as
// "(post deleted by author)" (Discourse's delete_removed_posts_after).
const stubLasts = 24 * time.Hour

// systemID is the account that Discourse writes its own notes with.
const systemID = -1

// A forum is one Discourse at a moment. It moves on with the log, and starts
// over where the moment moves back.
type forum struct {
	world     *world.World
	source    world.Source
	community world.CommunityID
	log       []int32 // of this forum
	rsvp      map[world.GatheringID]bool

	mu     sync.RWMutex
	at     world.Moment // the moment shown
	next   int          // in log
	events int          // applied since the orders below were made

	users      []*user // as they joined
	byLogin    map[world.LoginID]*user
	byName     map[string]*user
	topics     []*topic // by id
	byThread   map[world.ThreadID]*topic
	posts      []*post // by id
	byPost     map[world.PostID]*post
	bookmarks  []*bookmark
	reviews    []*review
	gatherings []*gathering
	stubs      []*post // taken down by their authors, in order of time

	byActivity []*topic // living ones, the latest first
	byCreation []*topic
	usersBy    map[string][]*user // list/order, descending
}

type user struct {
	login            world.LoginID
	id               int64
	username, name   string
	email            string
	emails           []string // further ones
	admin, moderator bool
	created, seen    world.Moment
	suspended, gone  world.Moment // 0: never
	days, posts      int
	likes            []*like // in order of time
	anonymous        bool
}

type like struct {
	post *post
	at   world.Moment
}

type topic struct {
	id               int64
	posts            []*post
	bumped, last     world.Moment
	closed, deleted  world.Moment // 0: not
	living, likes    int
	accepted         *post
	category         *world.Category
	title, slug, tag string
}

type post struct {
	id               world.PostID
	number           int64 // the forum's own
	topic            *topic
	author           *user // nil: the forum itself
	at, updated      world.Moment
	deleted, stub    world.Moment // 0: not
	hidden, upheld   bool
	version          int
	likes, replies   int
	place, parent    int32
	system           bool
	pending, flagged int
}

type bookmark struct {
	id   int64
	by   *user
	post *post
	at   world.Moment
}

type review struct {
	id     int64
	post   *post
	by     *user
	at     world.Moment
	status int // 0 pending, 1 approved, 2 rejected, 3 ignored
	scores int
}

type gathering struct {
	id    world.GatheringID
	going []*invitee
}

type invitee struct {
	id int64
	by *user
}

func newForum(w *world.World, source world.Source) *forum {
	f := &forum{world: w, source: source, community: world.None, rsvp: map[world.GatheringID]bool{}}
	for i := range w.Communities {
		if w.Communities[i].Source == source {
			f.community = world.CommunityID(i)
		}
	}
	f.log = logOf(w, f.belongs)
	for _, i := range f.log {
		if e := &w.Events[i]; e.Kind == world.Registered {
			f.rsvp[world.GatheringID(e.Object)] = true
		}
	}
	f.clear()
	return f
}

// belongs tells the forum's own events. An event that people register for with
// another tool is no event of the forum's.
func (f *forum) belongs(e *world.Event) bool {
	switch {
	case concerns(e.Kind):
		return f.world.Logins[e.Login].Source == f.source
	case e.Kind == world.Registered || e.Kind == world.Unregistered:
		return f.world.Logins[e.Login].Source == f.source && placeOf(f.world, e) == f.community
	}
	place := placeOf(f.world, e)
	return place != world.None && place == f.community
}

func (f *forum) clear() {
	f.at, f.next, f.events = 0, 0, 1
	f.users, f.topics, f.posts, f.bookmarks, f.reviews, f.gatherings, f.stubs = nil, nil, nil, nil, nil, nil, nil
	f.byLogin, f.byName = map[world.LoginID]*user{}, map[string]*user{}
	f.byThread, f.byPost = map[world.ThreadID]*topic{}, map[world.PostID]*post{}
}

// show moves the forum to a moment and holds it there until release is called.
func (f *forum) show(at world.Moment) (release func()) {
	for {
		f.mu.RLock()
		if f.at == at {
			return f.mu.RUnlock
		}
		f.mu.RUnlock()
		f.mu.Lock()
		f.move(at)
		f.mu.Unlock()
	}
}

func (f *forum) move(at world.Moment) {
	if at < f.at {
		f.clear()
	}
	for ; f.next < len(f.log); f.next++ {
		e := &f.world.Events[f.log[f.next]]
		if e.Seen >= at {
			break
		}
		f.expire(e.Seen)
		f.play(e, int64(f.log[f.next])+1)
		f.events++
	}
	f.expire(at)
	f.at = at
	if f.events > 0 {
		f.order()
		f.events = 0
	}
}

// expire takes stubs away whose time is over.
func (f *forum) expire(at world.Moment) {
	for len(f.stubs) > 0 && f.stubs[0].stub.Add(stubLasts) <= at {
		f.remove(f.stubs[0], f.stubs[0].stub.Add(stubLasts))
		f.stubs = f.stubs[1:]
		f.events++
	}
}

// order sorts what lists are cut from.
func (f *forum) order() {
	f.byCreation = f.byCreation[:0]
	for _, t := range slices.Backward(f.topics) {
		if t.deleted == 0 {
			f.byCreation = append(f.byCreation, t)
		}
	}
	slices.SortStableFunc(f.byCreation, func(a, b *topic) int { return cmp.Compare(b.posts[0].at, a.posts[0].at) })
	f.byActivity = append(f.byActivity[:0], f.byCreation...)
	slices.SortStableFunc(f.byActivity, func(a, b *topic) int { return cmp.Compare(b.bumped, a.bumped) })
	var listed []*user
	for _, u := range f.users {
		if u.gone == 0 || u.anonymous {
			listed = append(listed, u)
		}
	}
	bySeen := slices.Clone(listed)
	slices.SortStableFunc(listed, func(a, b *user) int { return cmp.Or(cmp.Compare(b.created, a.created), cmp.Compare(b.id, a.id)) })
	slices.SortStableFunc(bySeen, func(a, b *user) int { return cmp.Or(cmp.Compare(b.seen, a.seen), cmp.Compare(b.id, a.id)) })
	f.usersBy = map[string][]*user{}
	for _, flag := range []string{"active", "staff", "suspended"} {
		f.usersBy[flag+"/created"] = only(flag, listed)
		f.usersBy[flag+"/seen"] = only(flag, bySeen)
	}
}

func only(flag string, users []*user) []*user {
	if flag == "active" {
		return users
	}
	var some []*user
	for _, u := range users {
		if flag == "staff" && u.isStaff() || flag == "suspended" && u.suspended != 0 {
			some = append(some, u)
		}
	}
	return some
}

func (u *user) isStaff() bool { return u.admin || u.moderator }

// topicByID and postByID find what was ever shown; nil for what was not.
func (f *forum) topicByID(id int64) *topic {
	i, found := slices.BinarySearchFunc(f.topics, id, func(t *topic, id int64) int { return cmp.Compare(t.id, id) })
	if !found {
		return nil
	}
	return f.topics[i]
}

func (f *forum) postByID(id int64) *post {
	i, found := slices.BinarySearchFunc(f.posts, id, func(p *post, id int64) int { return cmp.Compare(p.number, id) })
	if !found {
		return nil
	}
	return f.posts[i]
}

// isPublic says whether /posts.json lists a post: regular, of a living topic,
// neither hidden nor gone.
func (p *post) isPublic() bool {
	return !p.system && !p.hidden && p.deleted == 0 && p.topic.deleted == 0
}

func slug(title string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}
