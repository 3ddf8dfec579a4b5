package serve

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// postJSON is a post as every route sends it.
type postJSON struct {
	ID                int64         `json:"id"`
	Name              string        `json:"name"`
	Username          string        `json:"username"`
	Avatar            string        `json:"avatar_template"`
	Created           string        `json:"created_at"`
	Cooked            string        `json:"cooked"`
	Number            int32         `json:"post_number"`
	Type              int           `json:"post_type"`
	Updated           string        `json:"updated_at"`
	ReplyCount        int           `json:"reply_count"`
	ReplyTo           *int32        `json:"reply_to_post_number"`
	QuoteCount        int           `json:"quote_count"`
	IncomingLinks     int           `json:"incoming_link_count"`
	Reads             int           `json:"reads"`
	Readers           int           `json:"readers_count"`
	Score             float64       `json:"score"`
	Yours             bool          `json:"yours"`
	Topic             int64         `json:"topic_id"`
	Slug              string        `json:"topic_slug"`
	DisplayUsername   string        `json:"display_username"`
	PrimaryGroup      *string       `json:"primary_group_name"`
	FlairName         *string       `json:"flair_name"`
	FlairURL          *string       `json:"flair_url"`
	FlairBackground   *string       `json:"flair_bg_color"`
	FlairColor        *string       `json:"flair_color"`
	Version           int           `json:"version"`
	CanEdit           bool          `json:"can_edit"`
	CanDelete         bool          `json:"can_delete"`
	CanRecover        bool          `json:"can_recover"`
	CanSeeHidden      bool          `json:"can_see_hidden_post"`
	CanWiki           bool          `json:"can_wiki"`
	UserTitle         *string       `json:"user_title"`
	Bookmarked        bool          `json:"bookmarked"`
	Actions           []postActions `json:"actions_summary"`
	Moderator         bool          `json:"moderator"`
	Admin             bool          `json:"admin"`
	Staff             bool          `json:"staff"`
	UserID            int64         `json:"user_id"`
	Hidden            bool          `json:"hidden"`
	TrustLevel        int           `json:"trust_level"`
	Deleted           *string       `json:"deleted_at"`
	UserDeleted       bool          `json:"user_deleted"`
	EditReason        *string       `json:"edit_reason"`
	CanViewHistory    bool          `json:"can_view_edit_history"`
	Wiki              bool          `json:"wiki"`
	ReviewScores      int           `json:"reviewable_score_count"`
	ReviewScoresOpen  int           `json:"reviewable_score_pending_count"`
	ActionCode        string        `json:"action_code,omitempty"`
	Raw               string        `json:"raw,omitempty"`
	AcceptedAnswer    bool          `json:"accepted_answer,omitempty"`
	TopicHasAnAnswer  bool          `json:"topic_accepted_answer,omitempty"`
	CanAcceptAnswer   bool          `json:"can_accept_answer,omitempty"`
	CanUnacceptAnswer bool          `json:"can_unaccept_answer,omitempty"`
}

// postActions counts what was done to a post; 2 is liking.
type postActions struct {
	ID     int  `json:"id"`
	Count  int  `json:"count,omitempty"`
	CanAct bool `json:"can_act"`
}

// listedPost is a post as /posts.json sends it.
type listedPost struct {
	postJSON
	PostsCount   int      `json:"posts_count"`
	Title        string   `json:"topic_title"`
	TitleHTML    string   `json:"topic_html_title"`
	Category     int64    `json:"category_id"`
	FlairGroup   *string  `json:"flair_group_id"`
	Badges       []string `json:"badges_granted"`
	Excerpt      string   `json:"excerpt"`
	Truncated    bool     `json:"truncated"`
	URL          string   `json:"post_url"`
	ReviewableID *int64   `json:"reviewable_id"`
}

// topicPost is a post as its topic sends it.
type topicPost struct {
	postJSON
	Links        []string `json:"link_counts"`
	Read         bool     `json:"read"`
	ReviewableID int64    `json:"reviewable_id"`
}

// singlePost is a post by itself.
type singlePost struct {
	postJSON
	PostsCount   int    `json:"posts_count"`
	URL          string `json:"post_url"`
	ReviewableID *int64 `json:"reviewable_id"`
}

const avatar = "/letter_avatar_proxy/v4/letter/t/a8b319/{size}.png"

// render writes a post as it is now.
func (s *discourse) render(p *post, raw bool) postJSON {
	f := s.forum
	text := f.text(p)
	j := postJSON{
		ID: p.number, Name: "system", Username: "system", UserID: systemID, Admin: true, Staff: true, TrustLevel: 4, Avatar: avatar,
		Created: stamp(p.at), Updated: stamp(p.updated), Cooked: "<p>" + text + "</p>", Number: p.place, Type: 1, ReplyCount: p.replies,
		Reads: 5 + p.likes, Readers: 4 + p.likes, Score: 1.5 + 15*float64(p.likes), Topic: p.topic.id, Slug: p.topic.slug, Version: p.version,
		CanEdit: true, CanDelete: true, CanSeeHidden: true, CanWiki: true, CanViewHistory: true, Actions: []postActions{},
		Hidden: p.hidden, Deleted: stampOrNull(p.deleted), UserDeleted: p.stub != 0, ReviewScores: p.flagged, ReviewScoresOpen: p.pending,
		AcceptedAnswer: p.topic.accepted == p, TopicHasAnAnswer: p.topic.accepted != nil,
	}
	if u := p.author; u != nil {
		j.Name, j.Username, j.UserID, j.TrustLevel = u.name, u.username, u.id, u.trust()
		j.Admin, j.Moderator = u.admin, u.moderator
		j.Staff = u.isStaff()
	}
	j.DisplayUsername = j.Name
	if p.parent > 1 {
		j.ReplyTo = &p.parent
	}
	if p.likes > 0 {
		j.Actions = append(j.Actions, postActions{ID: 2, Count: p.likes, CanAct: true})
	}
	if p.system {
		j.Type, j.ActionCode = 3, "closed.enabled"
	}
	if raw {
		j.Raw = text
	}
	return j
}

// text is what a post says in its latest version.
func (f *forum) text(p *post) string {
	switch {
	case p.system:
		return ""
	case p.stub != 0:
		return "(post deleted by author)"
	}
	return f.world.Body(p.id, p.version)
}

func (p *post) url() string { return fmt.Sprintf("/t/%s/%d/%d", p.topic.slug, p.topic.id, p.place) }

// posts is /posts.json: the 50 newest public posts below an id.
func (s *discourse) posts(w http.ResponseWriter, r *http.Request) {
	before, ok := page(w, r, "before", 1<<62)
	if !ok {
		return
	}
	f := s.forum
	at, _ := slices.BinarySearchFunc(f.posts, before, func(p *post, id int64) int { return int(min(max(p.number-id, -1), 1)) })
	if at < len(f.posts) && f.posts[at].number == before && shows(r, Repeated) {
		at++ // as versions do that include the id they are asked for
	}
	list := make([]listedPost, 0, postsPage)
	for at--; at >= 0 && len(list) < postsPage; at-- {
		if p := f.posts[at]; p.isPublic() {
			list = append(list, s.listed(p))
		}
	}
	send(w, map[string]any{"latest_posts": list})
}

func (s *discourse) listed(p *post) listedPost {
	j := listedPost{postJSON: s.render(p, true), PostsCount: p.topic.living, Title: p.topic.title, TitleHTML: p.topic.title,
		Category: p.topic.category.ID, Badges: []string{}, URL: p.url()}
	j.Excerpt = j.Cooked
	j.AcceptedAnswer, j.TopicHasAnAnswer = false, false // the plugin adds these to topics alone
	return j
}

// chosen renders posts of a topic.
func (s *discourse) chosen(posts []*post, raw bool) []topicPost {
	list := make([]topicPost, 0, len(posts))
	for _, p := range posts {
		list = append(list, topicPost{postJSON: s.render(p, raw), Links: []string{}, Read: true})
	}
	return list
}

func (s *discourse) post(w http.ResponseWriter, r *http.Request) {
	s.one(w, s.forum.postByID(pathID(r, "id")))
}

func (s *discourse) postByNumber(w http.ResponseWriter, r *http.Request) {
	t := s.forum.topicByID(pathID(r, "topic"))
	if t == nil {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	number := pathID(r, "number")
	i := slices.IndexFunc(t.posts, func(p *post) bool { return int64(p.place) == number })
	if i < 0 {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	s.one(w, t.posts[i])
}

func (s *discourse) one(w http.ResponseWriter, p *post) {
	if p == nil || p.deleted != 0 || p.topic.deleted != 0 {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	send(w, singlePost{postJSON: s.render(p, true), PostsCount: p.topic.living, URL: p.url()})
}

// asked are the living posts of a topic whose ids a request names.
func (t *topic) asked(ids []string) []*post {
	wanted := map[int64]bool{}
	for _, text := range ids {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			wanted[id] = true
		}
	}
	return t.where(func(p *post) bool { return wanted[p.number] })
}

// where are the topic's living posts that pass.
func (t *topic) where(pass func(*post) bool) []*post {
	var list []*post
	for _, p := range t.posts {
		if p.deleted == 0 && pass(p) {
			list = append(list, p)
		}
	}
	return list
}

// trust is the level that Discourse gives by visits and posts.
func (u *user) trust() int {
	switch {
	case u.isStaff():
		return 4
	case u.days >= 50 && u.posts >= 10:
		return 3
	case u.days >= 15 && u.posts >= 1:
		return 2
	case u.days >= 2 || u.posts >= 1:
		return 1
	}
	return 0
}
