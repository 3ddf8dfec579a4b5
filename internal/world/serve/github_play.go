package serve

import (
	"rollcall/connectors/github/githubtest"
	"rollcall/internal/world"
)

// play applies an event of the log. id numbers a reaction.
func (h *hub) play(e *world.Event, id int64) {
	h.graph.Place(e.Seen.Time(), id)
	if concerns(e.Kind) {
		h.playLogin(e)
		return
	}
	by := h.users[e.Login]
	switch e.Kind {
	case world.ThreadOpened:
		h.open(e, by)
	case world.Replied:
		h.reply(e, by)
	case world.Starred, world.Unstarred:
		h.star(e, by)
	case world.Accepted, world.Unaccepted:
		h.answer(e, by)
	case world.ThreadClosed:
		if thread := h.threads[world.ThreadID(e.Object)]; thread != nil && h.graph.Lives(thread) {
			h.graph.Close(thread)
		}
	default:
		if o := h.posts[world.PostID(e.Object)]; o != nil && h.graph.Lives(o) {
			h.playPost(e, o, by)
		}
	}
}

func (h *hub) playLogin(e *world.Event) {
	if e.Kind == world.LoginMade {
		h.users[e.Login] = h.signUp(e)
		return
	}
	user := h.users[e.Login]
	if user == nil || !h.graph.Lives(user) {
		return
	}
	switch e.Kind {
	case world.LoginGone, world.LoginsMerged:
		h.graph.Ghost(user)
	case world.AddressChanged:
		if user.Type == "User" {
			email, _ := addresses(h.world, e.Login, e.Seen)
			h.graph.Fill(user, map[string]any{"email": email})
		}
	case world.RoleGiven:
		if world.RoleName(e.Detail) == world.RoleStaff {
			h.graph.Join(h.organization, user, "MEMBER")
		}
	}
}

func (h *hub) signUp(e *world.Event) *githubtest.Object {
	login := &h.world.Logins[e.Login]
	h.graph.Place(login.Made.Time(), login.ID)
	name := h.world.Username(e.Login)
	if h.world.People[login.Person].Kind == world.Bot {
		return h.graph.Bot(name)
	}
	email, _ := addresses(h.world, e.Login, e.Seen)
	user := h.graph.User(name, email)
	h.graph.Fill(user, map[string]any{"name": nil})
	if shown := h.world.DisplayName(e.Login); shown != "" {
		h.graph.Fill(user, map[string]any{"name": shown})
	}
	return user
}

// open opens a discussion or an issue. Its opening's text is its own.
func (h *hub) open(e *world.Event, by *githubtest.Object) {
	id := world.ThreadID(e.Other)
	t := &h.world.Threads[id]
	repository := h.repositories[t.Community]
	category := h.world.Communities[t.Community].Categories[t.Category]
	tag := h.label(t)
	h.graph.Place(e.Seen.Time(), t.ID)
	var thread *githubtest.Object
	if category.Issues {
		thread = h.graph.Issue(repository, by, h.world.Title(id), false)
	} else {
		thread = h.graph.Discussion(repository, by, category.Name, h.world.Title(id))
		h.graph.File(thread, category.ID, category.Name, category.Solvable)
	}
	h.graph.Tag(thread, tag)
	h.graph.Numbered(thread, t.Number)
	h.describe(thread, world.PostID(e.Object), e.Login)
	h.threads[id], h.posts[world.PostID(e.Object)] = thread, thread
}

// describe fills in what a post says, when it was written, and who its author
// is to the organisation.
func (h *hub) describe(o *githubtest.Object, id world.PostID, author world.LoginID) {
	association := "NONE"
	if author != world.None && holds(h.world, author, world.RoleStaff, h.world.Posts[id].Seen) {
		association = "MEMBER"
	}
	h.graph.Fill(o, map[string]any{"bodyText": h.world.Body(id, 1), "createdAt": h.world.Posts[id].At.Time(), "authorAssociation": association})
}

func (h *hub) label(t *world.Thread) *githubtest.Object {
	key := label{t.Community, t.Topic}
	if h.labels[key] == nil {
		h.graph.Place(h.world.Communities[t.Community].Opened.Time(), 1000*int64(t.Community+1)+int64(t.Topic))
		h.labels[key] = h.graph.Label(h.repositories[t.Community], world.Topics()[t.Topic])
	}
	return h.labels[key]
}

// reply adds a comment. Discussions have two levels: what answers a reply
// stands beside it, under the same comment.
func (h *hub) reply(e *world.Event, by *githubtest.Object) {
	id := world.PostID(e.Object)
	p := &h.world.Posts[id]
	on := h.threads[p.Thread]
	if on == nil || !h.graph.Lives(on) {
		return
	}
	if on.Type == "Discussion" {
		if above := h.posts[h.top(p.Parent)]; above != nil && above.Type == "DiscussionComment" && h.graph.Lives(above) {
			on = above
		}
	}
	h.graph.Place(e.Seen.Time(), p.ID)
	comment := h.graph.Comment(on, by, "")
	h.describe(comment, id, e.Login)
	h.posts[id] = comment
}

// top is the comment of the first level that a post stands under.
func (h *hub) top(id world.PostID) world.PostID {
	for id != world.None {
		parent := h.world.Posts[id].Parent
		if parent == world.None || h.posts[parent] == nil || h.posts[parent].Type != "DiscussionComment" {
			break
		}
		id = parent
	}
	return id
}

func (h *hub) star(e *world.Event, by *githubtest.Object) {
	repository := h.repositories[world.CommunityID(e.Object)]
	switch {
	case by == nil || !h.graph.Lives(by):
	case e.Kind == world.Starred:
		h.graph.Star(repository, by)
	default:
		h.graph.Unstar(repository, by)
	}
}

func (h *hub) answer(e *world.Event, by *githubtest.Object) {
	comment, thread := h.posts[world.PostID(e.Object)], h.threads[world.ThreadID(e.Other)]
	if comment == nil || thread == nil || thread.Type != "Discussion" || !h.graph.Lives(comment) {
		return
	}
	if e.Kind == world.Accepted {
		h.graph.Answer(comment, by)
	} else {
		h.graph.Unanswer(thread)
	}
}

func (h *hub) playPost(e *world.Event, o, by *githubtest.Object) {
	id := world.PostID(e.Object)
	key := reacted{id, e.Login, e.Detail}
	switch e.Kind {
	case world.Edited:
		h.graph.Edit(o, h.world.Body(id, int(e.Detail)))
	case world.Removed:
		h.takeDown(e, o)
	case world.Reacted:
		h.reactions[key] = h.graph.React(o, by, content(world.Reaction(e.Detail)))
	case world.Unreacted:
		if reaction := h.reactions[key]; reaction != nil && h.graph.Lives(reaction) {
			h.graph.Unreact(reaction)
		}
		delete(h.reactions, key)
	case world.Flagged:
		h.flagged[id] = world.FlagReason(e.Detail)
	}
}

// takeDown deletes what its author, or a moderator a thread, takes down; a
// comment that a moderator takes down is minimised and stays.
func (h *hub) takeDown(e *world.Event, o *githubtest.Object) {
	id := world.PostID(e.Object)
	if o == h.threads[h.world.Posts[id].Thread] || e.Login == h.world.Posts[id].Author {
		h.graph.Delete(o)
		return
	}
	reason := "off-topic"
	switch flagged, ok := h.flagged[id]; {
	case !ok:
	case flagged == world.Spam:
		reason = "spam"
	case flagged == world.Inappropriate:
		reason = "abuse"
	}
	h.graph.Minimize(o, reason)
}

// content is a reaction in GitHub's words.
func content(r world.Reaction) string {
	switch r {
	case world.ThumbsDown:
		return "THUMBS_DOWN"
	case world.Heart:
		return "HEART"
	case world.Hooray:
		return "HOORAY"
	case world.Confused:
		return "CONFUSED"
	}
	return "THUMBS_UP"
}
