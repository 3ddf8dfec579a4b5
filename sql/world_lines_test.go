package sql_test

import (
	"fmt"
	"testing"
	"time"

	"rollcall/internal/world"
	"rollcall/internal/world/truth"
)

// A worldFixture writes what a made-up company's sources had shown by a moment
// as canonical lines: wholly, with the dates that real sources leave out, or (as
// seen) as forums show it: acceptances and decisions without dates, and nothing
// of what is not there any more.
type worldFixture struct {
	*fixture
	isAsSeen bool
	after    world.Moment // the look before, where there was one
	before   world.Moment
	number   string // of the event in the log: what has no id of its own goes by it
	w        *world.World
	made     map[world.LoginID]line // memberships
	posts    map[world.PostID]line
	answers  map[world.ThreadID]line // the acceptance that stands
	deeds    map[string]line         // what can be taken back
	flags    map[world.PostID][]line
	attended map[string]line // registrations that stand
}

// tellWorld is a fixture of all that happened in a world before a moment.
func tellWorld(t testing.TB, w *world.World, before world.Moment) *fixture {
	return (&worldFixture{w: w, before: before}).write(t)
}

// showWorld is one of what its sources show at a moment to who looked after
// another, 0 for never, as well.
func showWorld(t testing.TB, w *world.World, after, before world.Moment) *fixture {
	return (&worldFixture{w: w, after: after, before: before, isAsSeen: true}).write(t)
}

func (f *worldFixture) write(t testing.TB) *fixture {
	f.fixture, f.made, f.posts, f.answers = newFixture(t), map[world.LoginID]line{}, map[world.PostID]line{}, map[world.ThreadID]line{}
	f.deeds, f.flags, f.attended = map[string]line{}, map[world.PostID][]line{}, map[string]line{}
	for _, shape := range []string{"community_member", "thread", "thread_reply", "answer"} {
		f.listings[shape] = f.isAsSeen
	}
	for _, shape := range []string{"answer", "moderation_action", "consent", "community_event", "event_attendance", "survey_response"} {
		f.lines[shape] = nil // there, if empty as yet
	}
	f.keys = map[string]string{"identity_evidence": "identity_id"} // the subject is personal
	for i := range f.w.Communities {
		f.tellCommunity(world.CommunityID(i))
	}
	for i := range f.w.Surveys {
		f.tellSurvey(world.SurveyID(i))
	}
	for i := range f.w.Events {
		if e := &f.w.Events[i]; e.Seen < f.before {
			f.number = fmt.Sprint(i)
			f.tell(e)
		}
	}
	f.withdraw()
	return f.fixture
}

func moment(at world.Moment) string { return at.Time().Format(time.RFC3339Nano) }

func (f *worldFixture) tellCommunity(id world.CommunityID) {
	community := line{"community_id": truth.CommunityName(f.w, id)}
	if f.w.Communities[id].Source == world.GitHub {
		community["exposes_visits"] = false
	}
	f.put("community", community)
}

// tell writes one event, or changes what an earlier one wrote.
func (f *worldFixture) tell(e *world.Event) {
	switch e.Kind {
	case world.LoginMade, world.LoginGone, world.LoginSuspended, world.RoleGiven:
		f.tellLogin(e)
	case world.ConsentSaid:
		f.put("consent", line{"identity_id": f.w.IdentityID(e.Login), "purpose": "identity_matching", "recorded_at": moment(e.At),
			"status": [...]string{"granted", "refused", "withdrawn"}[e.Detail]})
	case world.ThreadOpened, world.Replied, world.Noted, world.Edited, world.Removed:
		f.tellPost(e)
	case world.Accepted, world.Unaccepted:
		f.tellAnswer(e)
	case world.Flagged, world.FlagJudged:
		f.tellFlag(e)
	case world.Reacted, world.Unreacted, world.Bookmarked, world.Unbookmarked, world.Starred, world.Unstarred, world.Visited, world.Referred:
		f.tellDeed(e)
	case world.GatheringPlanned, world.GatheringCalledOff, world.Registered, world.Unregistered, world.Attended:
		f.tellGathering(e)
	case world.Answered:
		f.tellResponse(e)
	case world.Used:
		f.put("product_event", line{"event_id": "files:product:event:" + f.number, "identity_id": f.w.IdentityID(e.Login),
			"event_name": world.ProductEvents()[e.Detail].Name, "occurred_at": moment(e.At)})
	}
}

func (f *worldFixture) tellLogin(e *world.Event) {
	id, l := f.w.IdentityID(e.Login), &f.w.Logins[e.Login]
	switch e.Kind {
	case world.LoginMade:
		kind := f.w.People[l.Person].Kind
		f.put("identity", line{"identity_id": id, "is_staff": kind == world.Staff, "is_bot": kind == world.Bot})
		// Everybody signs in with one subject, so that who is who is plain.
		f.put("identity_evidence", line{"identity_id": id, "id_type": "subject", "namespace": world.Issuer, "value": fmt.Sprintf("tw|%06d", l.Person),
			"trust": "verified", "seen_from": moment(e.At)})
		if kind == world.Test {
			f.put("identity_role", line{"identity_id": id, "role_name": "test"})
		}
		if l.Source == world.Forum || l.Source == world.Lab {
			f.made[e.Login] = line{"member_id": id, "community_id": "discourse:" + l.Source.Instance(), "identity_id": id, "joined_at": moment(e.At)}
			f.put("community_member", f.made[e.Login])
		}
	case world.LoginSuspended:
		if m := f.made[e.Login]; m != nil {
			m["is_suspended"], m["suspended_at"] = true, moment(e.At)
		}
	case world.LoginGone:
		if m := f.made[e.Login]; m != nil {
			m["left_at"], m["gone"] = moment(e.At), f.isAsSeen
		}
	case world.RoleGiven:
		if name := [...]string{"staff", "moderator", "agent", "bot", "test"}[e.Detail]; name == "moderator" || name == "agent" {
			f.put("identity_role", line{"identity_id": id, "role_name": name, "valid_from": moment(e.At)})
		}
	}
}

func (f *worldFixture) threadID(id world.ThreadID) string {
	return fmt.Sprintf("%s:thread:%d", truth.CommunityName(f.w, f.w.Threads[id].Community), id)
}

// contentID is a thread's id for an opening, else the reply's.
func (f *worldFixture) contentID(id world.PostID) string {
	t := f.w.Posts[id].Thread
	if f.w.Threads[t].Opening == id {
		return f.threadID(t)
	}
	return fmt.Sprintf("%s:post:%07d", truth.CommunityName(f.w, f.w.Threads[t].Community), id)
}

func (f *worldFixture) tellPost(e *world.Event) {
	id := world.PostID(e.Object)
	p := &f.w.Posts[id]
	t := &f.w.Threads[p.Thread]
	community := &f.w.Communities[t.Community]
	switch e.Kind {
	case world.Edited:
		if community.Source != world.GitHub {
			f.posts[id]["char_len"] = e.Amount
		}
		return
	case world.Removed:
		f.posts[id]["is_removed"] = true
		if community.Source == world.GitHub && e.Login != p.Author && t.Opening != id { // minimised
			f.put("moderation_action", line{"action_id": "github:tidewater:minimised:" + f.number, "community_id": truth.CommunityName(f.w, t.Community),
				"content_id": f.contentID(id), "outcome": "upheld"})
		}
		return
	}
	shape, l := "thread_reply", line{"thread_id": f.threadID(p.Thread), "community_id": truth.CommunityName(f.w, t.Community),
		"author_identity_id": f.w.IdentityID(p.Author), "created_at": moment(p.At)}
	if community.Source != world.GitHub {
		l["char_len"] = p.Chars
	}
	if e.Kind == world.ThreadOpened {
		shape = "thread"
		l["category"], l["is_solvable"] = community.Categories[t.Category].Name, community.Categories[t.Category].Solvable
	} else {
		l["reply_id"], l["is_system"] = f.contentID(id), p.System
	}
	f.posts[id] = l
	f.put(shape, l)
}

func (f *worldFixture) tellAnswer(e *world.Event) {
	thread := world.ThreadID(e.Other)
	if e.Kind == world.Unaccepted {
		f.answers[thread]["unaccepted_at"] = moment(e.At)
		f.answers[thread]["gone"] = f.isAsSeen && f.isForum(f.w.Threads[thread].Community)
		return
	}
	f.answers[thread] = line{"thread_id": f.threadID(thread), "reply_id": f.contentID(world.PostID(e.Object)),
		"community_id": truth.CommunityName(f.w, f.w.Threads[thread].Community), "accepted_at": moment(e.At)}
	if f.isAsSeen && f.isForum(f.w.Threads[thread].Community) {
		delete(f.answers[thread], "accepted_at")
	}
	f.put("answer", f.answers[thread])
}

func (f *worldFixture) tellFlag(e *world.Event) {
	id := world.PostID(e.Object)
	if e.Kind == world.FlagJudged {
		for _, flag := range f.flags[id] {
			if flag["outcome"] == "pending" {
				flag["resolved_at"], flag["outcome"] = moment(e.At), [...]string{"upheld", "rejected", "ignored"}[e.Detail]
			}
			if f.isAsSeen {
				delete(flag, "resolved_at")
			}
		}
		return
	}
	community := truth.CommunityName(f.w, f.w.Threads[f.w.Posts[id].Thread].Community)
	f.put("community_event", line{"event_id": community + ":flag:" + f.number, "community_id": community, "identity_id": f.w.IdentityID(e.Login),
		"event_type": "flag", "occurred_at": moment(e.At), "content_id": f.contentID(id), "thread_id": f.threadID(f.w.Posts[id].Thread)})
	flag := line{"action_id": community + ":review:" + f.number, "community_id": community, "content_id": f.contentID(id), "flagged_at": moment(e.At), "outcome": "pending"}
	f.flags[id] = append(f.flags[id], flag)
	f.put("moderation_action", flag)
}

// tellDeed writes what can be taken back, and takes it back.
func (f *worldFixture) tellDeed(e *world.Event) {
	kind := e.Kind
	switch e.Kind {
	case world.Unreacted, world.Unbookmarked, world.Unstarred:
		kind--
	}
	key := fmt.Sprint(kind, e.Login, e.Object, e.Detail)
	if kind != e.Kind {
		f.deeds[key]["is_removed"] = true
		return
	}
	l := line{"event_id": "deed:" + f.number, "identity_id": f.w.IdentityID(e.Login), "occurred_at": moment(e.At)}
	switch e.Kind {
	case world.Visited, world.Starred:
		l["community_id"] = truth.CommunityName(f.w, world.CommunityID(e.Object))
		l["event_type"] = map[world.Kind]string{world.Visited: "visit", world.Starred: "bookmark"}[e.Kind]
	case world.Referred:
		l["community_id"], l["event_type"] = "discourse:forum", "referral_share"
	default:
		post := world.PostID(e.Object)
		thread := f.w.Posts[post].Thread
		l["community_id"] = truth.CommunityName(f.w, f.w.Threads[thread].Community)
		l["thread_id"], l["content_id"], l["event_type"] = f.threadID(thread), f.contentID(post), "bookmark"
		if e.Kind == world.Reacted {
			l["event_type"], l["reaction"] = "reaction", [...]string{"like", "+1", "-1", "heart", "hooray", "confused"}[e.Detail]
		}
	}
	l["event_id"] = fmt.Sprintf("%s:%s", l["community_id"], l["event_id"])
	f.deeds[key] = l
	f.put("community_event", l)
}
