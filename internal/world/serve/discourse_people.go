package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"rollcall/internal/world"
)

// userJSON is a person as the administrator's list sends them.
type userJSON struct {
	ID              int64     `json:"id"`
	Username        string    `json:"username"`
	Name            string    `json:"name"`
	Avatar          string    `json:"avatar_template"`
	Email           string    `json:"email,omitempty"`
	SecondaryEmails *[]string `json:"secondary_emails,omitempty"`
	Active          bool      `json:"active"`
	Admin           bool      `json:"admin"`
	Moderator       bool      `json:"moderator"`
	LastSeen        *string   `json:"last_seen_at"`
	LastEmailed     *string   `json:"last_emailed_at"`
	Created         string    `json:"created_at"`
	LastSeenAge     float64   `json:"last_seen_age"`
	LastEmailedAge  *float64  `json:"last_emailed_age"`
	CreatedAge      float64   `json:"created_at_age"`
	TrustLevel      int       `json:"trust_level"`
	LockedLevel     *string   `json:"manual_locked_trust_level"`
	Title           *string   `json:"title"`
	TimeRead        int       `json:"time_read"`
	Staged          bool      `json:"staged"`
	DaysVisited     int       `json:"days_visited"`
	PostsRead       int       `json:"posts_read_count"`
	TopicsEntered   int       `json:"topics_entered"`
	Posts           int       `json:"post_count"`
	Suspended       bool      `json:"suspended,omitempty"`
	SuspendedAt     *string   `json:"suspended_at,omitempty"`
	SuspendedTill   string    `json:"suspended_till,omitempty"`
	SignOn          *signOn   `json:"single_sign_on_record,omitempty"`
}

// signOn is who the company's own sign-in says somebody is.
type signOn struct {
	ExternalID string `json:"external_id"`
}

// users is /admin/users/list/{flag}.json. Its page counts from 1, and page 0
// is page 1.
func (s *discourse) users(w http.ResponseWriter, r *http.Request) {
	n, ok := page(w, r, "page", 1)
	if !ok {
		return
	}
	flag, order := strings.TrimSuffix(r.PathValue("flag"), ".json"), r.FormValue("order")
	if flag == "new" {
		flag = "active"
	}
	if order != "seen" {
		order = "created"
	}
	items := []userJSON{}
	list := s.forum.usersBy[flag+"/"+order]
	if email := r.FormValue("email"); email != "" {
		list = slices.DeleteFunc(slices.Clone(list), func(u *user) bool { return !strings.EqualFold(u.email, email) })
	}
	offset, size := again(r, (max(n, 1)-1)*usersPage, usersPage)
	for _, u := range cutOrdered(list, offset, size, r.FormValue("asc") == "true") {
		items = append(items, s.forum.renderUser(u, r.FormValue("show_emails") == "true"))
	}
	send(w, items)
}

func (f *forum) renderUser(u *user, emails bool) userJSON {
	age := func(m world.Moment) float64 { return float64(f.at-m) / 1000 }
	j := userJSON{
		ID: u.id, Username: u.username, Name: u.name, Avatar: avatar, Active: true, Admin: u.admin, Moderator: u.moderator,
		LastSeen: stampOrNull(u.seen), Created: stamp(u.created), LastSeenAge: age(u.seen), CreatedAge: age(u.created), TrustLevel: u.trust(),
		DaysVisited: u.days, PostsRead: 9*u.days + u.posts, TopicsEntered: 4*u.days + u.posts, TimeRead: 540*u.days + 60*u.posts, Posts: u.posts,
	}
	if u.suspended != 0 {
		j.Suspended, j.SuspendedAt, j.SuspendedTill = true, stampOrNull(u.suspended), "3024-01-01T00:00:00.000Z"
	}
	if subject := f.world.Subject(u.login); subject != "" && !u.anonymous {
		j.SignOn = &signOn{subject}
	}
	if emails {
		j.Email, j.SecondaryEmails = u.email, &u.emails
	}
	return j
}

func (s *discourse) session(w http.ResponseWriter, r *http.Request) {
	send(w, map[string]any{"current_user": map[string]any{"id": systemID, "username": r.Header.Get("Api-Username"), "admin": true, "moderator": true, "staff": true}})
}

// actionJSON is one entry of /user_actions.json.
type actionJSON struct {
	Excerpt        string  `json:"excerpt"`
	Type           int     `json:"action_type"`
	Created        string  `json:"created_at"`
	Avatar         string  `json:"avatar_template"`
	ActingAvatar   string  `json:"acting_avatar_template"`
	Slug           string  `json:"slug"`
	Topic          int64   `json:"topic_id"`
	TargetID       int64   `json:"target_user_id"`
	TargetName     string  `json:"target_name"`
	TargetUsername string  `json:"target_username"`
	PostNumber     int32   `json:"post_number"`
	Post           int64   `json:"post_id"`
	Username       string  `json:"username"`
	Name           string  `json:"name"`
	UserID         int64   `json:"user_id"`
	ActingUsername string  `json:"acting_username"`
	ActingName     string  `json:"acting_name"`
	ActingID       int64   `json:"acting_user_id"`
	Title          string  `json:"title"`
	Deleted        bool    `json:"deleted"`
	Hidden         bool    `json:"hidden"`
	PostType       int     `json:"post_type"`
	ActionCode     *string `json:"action_code"`
	Category       int64   `json:"category_id"`
	Closed         bool    `json:"closed"`
	Archived       bool    `json:"archived"`
}

// userActions is /user_actions.json: the likes somebody gave (filter 1), the
// latest first. Those of posts that are gone are left out.
func (s *discourse) userActions(w http.ResponseWriter, r *http.Request) {
	offset, ok := page(w, r, "offset", 0)
	if !ok {
		return
	}
	u := s.forum.byName[strings.ToLower(r.FormValue("username"))]
	if u == nil {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	items := []actionJSON{}
	if slices.Contains(strings.Split(r.FormValue("filter"), ","), "1") {
		for _, l := range cut(u.given(), offset, actionsPage) {
			items = append(items, s.forum.renderLike(u, l))
		}
	}
	send(w, map[string]any{"user_actions": items})
}

// given are somebody's likes of posts that are still there, the latest first.
func (u *user) given() []*like {
	var list []*like
	for _, l := range slices.Backward(u.likes) {
		if l.post.deleted == 0 && l.post.topic.deleted == 0 {
			list = append(list, l)
		}
	}
	return list
}

func (f *forum) renderLike(u *user, l *like) actionJSON {
	p := l.post
	id, username, name := author(p)
	return actionJSON{
		Excerpt: f.text(p), Type: 1, Created: stamp(l.at), Avatar: avatar, ActingAvatar: avatar, Slug: p.topic.slug, Topic: p.topic.id,
		TargetID: u.id, TargetName: u.name, TargetUsername: u.username, PostNumber: p.place, Post: p.number, Username: username, Name: name, UserID: id,
		ActingUsername: u.username, ActingName: u.name, ActingID: u.id, Title: p.topic.title, Hidden: p.hidden, PostType: 1,
		Category: p.topic.category.ID, Closed: p.topic.closed != 0,
	}
}

// automatic are the groups that Discourse fills itself and that are served.
func automatic() []struct {
	id   int64
	name string
} {
	return []struct {
		id   int64
		name string
	}{{1, "admins"}, {2, "moderators"}, {3, "staff"}}
}

func (f *forum) members(group string) []*user {
	var list []*user
	for _, u := range f.usersBy["staff/created"] {
		if group == "staff" || group == "admins" && u.admin || group == "moderators" && u.moderator {
			list = append(list, u)
		}
	}
	return list
}

// groupMade is a group's settings as Discourse makes it.
const groupMade = `{"automatic":true,"mentionable_level":0,"messageable_level":0,"visibility_level":0,"primary_group":false,"title":null,` +
	`"grant_trust_level":null,"incoming_email":null,"has_messages":false,"flair_url":null,"flair_bg_color":null,"flair_color":null,"bio_raw":null,` +
	`"bio_cooked":null,"bio_excerpt":null,"public_admission":false,"public_exit":false,"allow_membership_requests":false,"full_name":null,` +
	`"default_notification_level":3,"membership_request_template":null,"members_visibility_level":0,"can_see_members":true,"can_admin_group":true,` +
	`"publish_read_state":false}`

// groups is /groups.json, whose page counts from 0.
func (s *discourse) groups(w http.ResponseWriter, r *http.Request) {
	n, ok := page(w, r, "page", 0)
	if !ok {
		return
	}
	list := []map[string]any{}
	for _, g := range automatic() {
		var group map[string]any
		if err := json.Unmarshal([]byte(groupMade), &group); err != nil {
			panic(err) // a constant
		}
		group["id"], group["name"], group["display_name"], group["user_count"] = g.id, g.name, g.name, len(s.forum.members(g.name))
		list = append(list, group)
	}
	if n > 0 {
		list = []map[string]any{}
	}
	send(w, map[string]any{"groups": list, "extras": map[string]any{"type_filters": []string{"automatic"}}, "total_rows_groups": len(automatic()), "load_more_groups": fmt.Sprintf("/groups?page=%d", n+1)})
}

// groupMembers is /groups/{name}/members.json, cut by offset and limit.
func (s *discourse) groupMembers(w http.ResponseWriter, r *http.Request) {
	offset, ok := page(w, r, "offset", 0)
	limit, limitOK := number(r, "limit", membersPage)
	if !ok || !limitOK || limit < 1 || limit > 1000 {
		refuse(w, http.StatusBadRequest, fmt.Sprintf(notAParam, "limit"))
		return
	}
	all := s.forum.members(r.PathValue("name"))
	items := []map[string]any{}
	for _, u := range cut(all, offset, limit) {
		items = append(items, map[string]any{"id": u.id, "username": u.username, "name": u.name, "avatar_template": avatar, "title": nil,
			"last_posted_at": stamp(u.seen), "last_seen_at": stamp(u.seen), "added_at": stamp(u.created), "timezone": world.Zone})
	}
	send(w, map[string]any{"members": items, "owners": []any{}, "meta": map[string]any{"total": len(all), "limit": limit, "offset": offset}})
}
