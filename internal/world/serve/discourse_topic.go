package serve

import (
	"fmt"
	"net/http"
	"strings"
)

// topicJSON is what lists and a topic's own page have in common.
type topicJSON struct {
	ID             int64     `json:"id"`
	Title          string    `json:"title"`
	FancyTitle     string    `json:"fancy_title"`
	Slug           string    `json:"slug"`
	Posts          int       `json:"posts_count"`
	Replies        int       `json:"reply_count"`
	Highest        int32     `json:"highest_post_number"`
	Image          *string   `json:"image_url"`
	Created        string    `json:"created_at"`
	LastPosted     *string   `json:"last_posted_at"`
	Archetype      string    `json:"archetype"`
	Pinned         bool      `json:"pinned"`
	PinnedGlobally bool      `json:"pinned_globally"`
	Unpinned       *string   `json:"unpinned"`
	Visible        bool      `json:"visible"`
	Closed         bool      `json:"closed"`
	Archived       bool      `json:"archived"`
	Bookmarked     bool      `json:"bookmarked"`
	Views          int       `json:"views"`
	Likes          int       `json:"like_count"`
	HasSummary     bool      `json:"has_summary"`
	Category       int64     `json:"category_id"`
	FeaturedLink   *string   `json:"featured_link"`
	Tags           []tagJSON `json:"tags"`
	TagTexts       struct{}  `json:"tags_descriptions"`
}

type tagJSON struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
	Slug string `json:"slug"`
}

// listedTopic is a topic as /latest.json sends it.
type listedTopic struct {
	topicJSON
	Bumped            bool     `json:"bumped"`
	BumpedAt          string   `json:"bumped_at"`
	Unseen            bool     `json:"unseen"`
	Liked             bool     `json:"liked"`
	LastPoster        string   `json:"last_poster_username"`
	OpeningLikes      int      `json:"op_like_count"`
	HasAcceptedAnswer bool     `json:"has_accepted_answer"`
	CanHaveAnswer     bool     `json:"can_have_answer"`
	Posters           []poster `json:"posters"`
}

type poster struct {
	Extras       *string `json:"extras"`
	Description  string  `json:"description"`
	UserID       int64   `json:"user_id"`
	PrimaryGroup *int64  `json:"primary_group_id"`
}

func (f *forum) renderTopic(t *topic) topicJSON {
	return topicJSON{
		ID: t.id, Title: t.title, FancyTitle: t.title, Slug: t.slug, Posts: t.living, Replies: max(t.living-1, 0), Highest: t.posts[len(t.posts)-1].place,
		Created: stamp(t.posts[0].at), LastPosted: stampOrNull(t.last), Archetype: "regular", Visible: true, Closed: t.closed != 0,
		Views: 12*len(t.posts) + 3*t.likes, Likes: t.likes, Category: t.category.ID, Tags: []tagJSON{{ID: tagID(t.tag), Name: t.tag, Slug: t.tag}},
	}
}

// author is who wrote a post, as lists name them.
func author(p *post) (id int64, username, name string) {
	if p.author == nil {
		return systemID, "system", "system"
	}
	return p.author.id, p.author.username, p.author.name
}

func (t *topic) lastRegular() *post {
	last := t.posts[0]
	for _, p := range t.posts {
		if !p.system && p.deleted == 0 {
			last = p
		}
	}
	return last
}

// latest is /latest.json, by activity or by creation, the latest first unless
// ascending.
func (s *discourse) latest(w http.ResponseWriter, r *http.Request) {
	n, ok := page(w, r, "page", 0)
	if !ok {
		return
	}
	f := s.forum
	order := f.byActivity
	if r.FormValue("order") == "created" {
		order = f.byCreation
	}
	topics, users, seen := []listedTopic{}, []map[string]any{}, map[int64]bool{}
	offset, size := again(r, n*topicsPage, topicsPage)
	for _, t := range cutOrdered(order, offset, size, r.FormValue("ascending") == "true") {
		id, username, name := author(t.posts[0])
		if !seen[id] {
			seen[id] = true
			users = append(users, map[string]any{"id": id, "username": username, "name": name, "avatar_template": avatar})
		}
		_, lastPoster, _ := author(t.lastRegular())
		topics = append(topics, listedTopic{topicJSON: f.renderTopic(t), Bumped: true, BumpedAt: stamp(t.bumped), LastPoster: lastPoster,
			OpeningLikes: t.posts[0].likes, HasAcceptedAnswer: t.accepted != nil, CanHaveAnswer: t.category.Solvable,
			Posters: []poster{{Description: "Original Poster", UserID: id}}})
	}
	list := map[string]any{"can_create_topic": true, "draft": nil, "draft_key": "new_topic", "draft_sequence": 0, "per_page": topicsPage, "topics": topics}
	if (n+1)*topicsPage < int64(len(order)) {
		list["more_topics_url"] = fmt.Sprintf("/latest?no_definitions=true&page=%d", n+1)
	}
	send(w, map[string]any{"users": users, "primary_groups": []any{}, "topic_list": list})
}

// again is where a page begins and how long it is: with Repeated it holds the
// last row of the page before once more.
func again(r *http.Request, offset, size int64) (from, length int64) {
	if offset > 0 && shows(r, Repeated) {
		return offset - 1, size + 1
	}
	return offset, size
}

// cutOrdered is cut of a list, or of the list backwards.
func cutOrdered[T any](list []T, offset, size int64, backwards bool) []T {
	if !backwards {
		return cut(list, offset, size)
	}
	end := int64(len(list)) - offset
	var part []T
	for i := end - 1; i >= max(end-size, 0); i-- {
		part = append(part, list[i])
	}
	return part
}

// topicOrPosts is /t/{slug}/{id}.json, and /t/{id}/posts.json.
func (s *discourse) topicOrPosts(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != "posts.json" {
		s.topic(w, r)
		return
	}
	t := s.forum.topicByID(pathID(r, "slug"))
	if t == nil || t.deleted != 0 {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	posts := t.where(func(*post) bool { return true })
	if ids, named := r.URL.Query()["post_ids[]"]; named {
		posts = t.asked(ids)
	} else {
		posts = cut(posts, 0, chunkSize)
	}
	send(w, map[string]any{"id": t.id, "post_stream": map[string]any{"posts": s.chosen(posts, r.FormValue("include_raw") == "true")}})
}

// topic is /t/{id}.json: the first 20 posts and the ids of all. A deleted one
// is shown to staff, without posts.
func (s *discourse) topic(w http.ResponseWriter, r *http.Request) {
	t := s.forum.topicByID(pathID(r, "id"))
	if t == nil || t.deleted != 0 && !s.isAdmin(r) {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	var posts []*post
	if t.deleted == 0 {
		posts = t.where(func(*post) bool { return true })
	}
	stream := make([]int64, 0, len(posts))
	for _, p := range posts {
		stream = append(stream, p.number)
	}
	send(w, s.renderPage(t, posts, map[string]any{"posts": s.chosen(cut(posts, 0, chunkSize), r.FormValue("include_raw") == "true"), "stream": stream}))
}

// topicPage is a topic's own page.
type topicPage struct {
	topicJSON
	Stream         map[string]any    `json:"post_stream"`
	Timeline       [][2]int          `json:"timeline_lookup"`
	Suggested      []listedTopic     `json:"suggested_topics"`
	WordCount      int               `json:"word_count"`
	Deleted        *string           `json:"deleted_at"`
	DeletedBy      map[string]string `json:"deleted_by"`
	UserID         int64             `json:"user_id"`
	PinnedAt       *string           `json:"pinned_at"`
	PinnedUntil    *string           `json:"pinned_until"`
	SlowMode       int               `json:"slow_mode_seconds"`
	SlowModeUntil  *string           `json:"slow_mode_enabled_until"`
	Draft          *string           `json:"draft"`
	DraftKey       string            `json:"draft_key"`
	DraftSequence  int               `json:"draft_sequence"`
	HasDeleted     bool              `json:"has_deleted"`
	Actions        []any             `json:"actions_summary"`
	ChunkSize      int               `json:"chunk_size"`
	Bookmarks      []any             `json:"bookmarks"`
	Timer          *string           `json:"topic_timer"`
	MessageBus     int               `json:"message_bus_last_id"`
	Participants   int               `json:"participant_count"`
	ReadIndicator  bool              `json:"show_read_indicator"`
	Thumbnails     *string           `json:"thumbnails"`
	Details        map[string]any    `json:"details"`
	AcceptedAnswer *acceptedAnswer   `json:"accepted_answer,omitempty"`
}

type acceptedAnswer struct {
	PostNumber int32  `json:"post_number"`
	Username   string `json:"username"`
	Name       string `json:"name"`
	Excerpt    string `json:"excerpt"`
}

func (s *discourse) renderPage(t *topic, posts []*post, stream map[string]any) topicPage {
	f := s.forum
	id, username, name := author(t.posts[0])
	lastID, lastUsername, lastName := author(t.lastRegular())
	writers := map[int64]bool{}
	words := 0
	for _, p := range posts {
		writer, _, _ := author(p)
		writers[writer] = true
	}
	for _, p := range cut(posts, 0, chunkSize) {
		words += len(strings.Fields(f.text(p)))
	}
	j := topicPage{topicJSON: f.renderTopic(t), Stream: stream, Timeline: [][2]int{}, Suggested: []listedTopic{}, WordCount: words,
		Deleted: stampOrNull(t.deleted), UserID: id, DraftKey: fmt.Sprintf("topic_%d", t.id), HasDeleted: len(posts) < len(t.posts),
		Actions: []any{}, ChunkSize: chunkSize, Bookmarks: []any{}, Participants: len(writers), Details: topicDetails()}
	j.Details["created_by"] = map[string]any{"id": id, "username": username, "name": name, "avatar_template": avatar}
	j.Details["last_poster"] = map[string]any{"id": lastID, "username": lastUsername, "name": lastName, "avatar_template": avatar}
	if t.accepted != nil {
		_, username, name := author(t.accepted)
		j.AcceptedAnswer = &acceptedAnswer{t.accepted.place, username, name, f.text(t.accepted)}
	}
	return j
}

// topicDetails is what an administrator may do.
func topicDetails() map[string]any {
	details := map[string]any{"notification_level": 1, "participants": []any{}, "can_remove_self_id": systemID}
	for _, can := range strings.Fields("edit move_posts delete remove_allowed_users create_post reply_as_new_topic convert_topic review_topic close_topic archive_topic split_merge_topic edit_staff_notes toggle_topic_visibility pin_unpin_topic moderate_category") {
		details["can_"+can] = true
	}
	return details
}
