package demoforum

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Page sizes of Discourse.
const (
	postsPage  = 50
	topicsPage = 30
	chunkPosts = 20
	usersPage  = 100
)

const timeLayout = "2006-01-02T15:04:05.000Z"

// Handler serves the forum by Discourse's rules to an administrator's key;
// without the key it serves what a visitor sees.
func (f *Forum) Handler(key string) http.Handler {
	s := server{forum: f, key: key}
	mux := http.NewServeMux()
	for pattern, handle := range map[string]http.HandlerFunc{
		"/posts.json":                       s.posts,
		"/latest.json":                      s.latest,
		"/t/{id}":                           s.topic,
		"/t/{id}/posts.json":                s.topicPosts,
		"/categories.json":                  s.categories,
		"/site.json":                        s.site,
		"/tags.json":                        s.tags,
		"/groups.json":                      s.groups,
		"/session/current.json":             s.admin(s.session),
		"/admin/users/list/{flag}":          s.admin(s.users),
		"/user_actions.json":                s.constant(`{"user_actions":[]}`),
		"/solution/by_user.json":            s.constant(`{"user_solved_posts":[]}`),
		"/admin/logs/search_logs.json":      s.admin(s.constant(`[]`)),
		"/review.json":                      s.admin(s.constant(`{"reviewables":[],"meta":{"total_rows_reviewables":0}}`)),
		"/directory_items.json":             s.constant(`{"directory_items":[],"meta":{"total_rows_directory_items":0}}`),
		"/discourse-post-event/events.json": s.constant(`{"events":[]}`),
	} {
		mux.HandleFunc("GET "+pattern, handle)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { notFound(w) })
	return mux
}

type server struct {
	forum *Forum
	key   string
}

func notFound(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(`{"errors":["The requested URL or resource could not be found."],"error_type":"not_found"}`))
}

func send(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(value) // the reader may be gone
}

func (s server) constant(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { send(w, json.RawMessage(body)) }
}

// admin hides a route from whoever has no key, as Discourse does.
func (s server) admin(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.key == "" || r.Header.Get("Api-Key") != s.key {
			notFound(w)
			return
		}
		handle(w, r)
	}
}

func parameter(r *http.Request, name string, fallback int64) int64 {
	if n, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64); err == nil {
		return n
	}
	return fallback
}

// page cuts list to one page.
func page[T any](list []T, n int64, size int) []T {
	from := min(max(n, 0)*int64(size), int64(len(list)))
	return list[from:min(from+int64(size), int64(len(list)))]
}

// posts is /posts.json: the 50 newest regular posts below an id.
func (s server) posts(w http.ResponseWriter, r *http.Request) {
	before := parameter(r, "before", 1<<62)
	list := []any{}
	for _, p := range slices.Backward(s.forum.Posts) {
		if p.ID < before && !p.Action && len(list) < postsPage {
			list = append(list, p.json(true))
		}
	}
	send(w, map[string]any{"latest_posts": list})
}

// json is a post as /posts.json sends it, or, without the topic's members, as
// a topic does.
func (p *Post) json(listed bool) map[string]any {
	object := map[string]any{
		"id": p.ID, "name": p.Author.Name, "username": p.Author.Username, "avatar_template": "/letter_avatar/{size}.png",
		"created_at": p.Created.Format(timeLayout), "updated_at": p.Updated.Format(timeLayout),
		"cooked": "<p>" + p.Text + "</p>", "raw": p.Text, "post_number": p.Number, "post_type": p.postType(), "posts_count": len(p.Topic.Posts),
		"reply_to_post_number": nil, "reply_count": 0, "quote_count": 0, "incoming_link_count": 0, "reads": 5 + p.Likes, "readers_count": 4 + p.Likes,
		"score": 1.5 + float64(p.Likes), "topic_id": p.Topic.ID, "topic_slug": p.Topic.slug(), "version": p.Version,
		"user_id": p.Author.ID, "admin": p.Author.Staff, "moderator": false, "staff": p.Author.Staff, "trust_level": p.Author.trust(),
		"hidden": false, "deleted_at": nil, "user_deleted": false, "edit_reason": nil, "wiki": false, "yours": false,
		"actions_summary": []any{}, "accepted_answer": p.Topic.Accepted == p, "primary_group_name": nil, "user_title": nil,
	}
	if p.ReplyTo > 1 {
		object["reply_to_post_number"] = p.ReplyTo
	}
	if p.Likes > 0 {
		object["actions_summary"] = []any{map[string]any{"id": 2, "count": p.Likes}}
	}
	if p.Action {
		object["action_code"] = "autoclosed.enabled"
	}
	if listed {
		object["topic_title"], object["topic_html_title"], object["category_id"] = p.Topic.Title, p.Topic.Title, p.Topic.Category.ID
	}
	return object
}

func (p *Post) postType() int {
	if p.Action {
		return 3
	}
	return 1
}

func (u *User) trust() int64 {
	switch {
	case u.Staff:
		return 4
	case u.posts > 20:
		return 3
	case u.posts > 0:
		return 1
	}
	return 0
}

func (t *Topic) slug() string { return strings.ToLower(strings.Join(strings.Fields(t.Title), "-")) }

func (t *Topic) last() *Post { return t.Posts[len(t.Posts)-1] }

// latest is /latest.json, by activity or by creation, newest first unless
// ascending.
func (s server) latest(w http.ResponseWriter, r *http.Request) {
	list := slices.Clone(s.forum.Topics)
	if r.URL.Query().Get("order") != "created" {
		slices.SortStableFunc(list, func(a, b *Topic) int { return a.last().Created.Compare(b.last().Created) })
	}
	if r.URL.Query().Get("ascending") != "true" {
		slices.Reverse(list)
	}
	n := parameter(r, "page", 0)
	items := []any{}
	for _, t := range page(list, n, topicsPage) {
		item := t.json()
		item["bumped"], item["bumped_at"] = true, t.last().Created.Format(timeLayout)
		item["posters"] = []any{map[string]any{"description": "Original Poster", "extras": nil, "user_id": t.Posts[0].Author.ID}}
		items = append(items, item)
	}
	topics := map[string]any{"can_create_topic": true, "per_page": topicsPage, "topics": items}
	if (n+1)*topicsPage < int64(len(list)) {
		topics["more_topics_url"] = fmt.Sprintf("/latest?no_definitions=true&page=%d", n+1)
	}
	send(w, map[string]any{"users": []any{}, "primary_groups": []any{}, "topic_list": topics})
}

// json is what lists and the topic's own page have in common.
func (t *Topic) json() map[string]any {
	var likes int64
	for _, p := range t.Posts {
		likes += p.Likes
	}
	return map[string]any{
		"id": t.ID, "title": t.Title, "fancy_title": t.Title, "slug": t.slug(), "posts_count": len(t.Posts), "reply_count": len(t.Posts) - 1,
		"highest_post_number": len(t.Posts), "image_url": nil, "created_at": t.Posts[0].Created.Format(timeLayout),
		"last_posted_at": t.last().Created.Format(timeLayout), "archetype": "regular", "unseen": false, "pinned": false, "pinned_globally": false,
		"visible": true, "closed": t.last().Action, "archived": false, "views": 20 * len(t.Posts), "like_count": likes,
		"has_accepted_answer": t.Accepted != nil, "category_id": t.Category.ID, "tags": t.Tags,
	}
}

func (s server) find(r *http.Request) *Topic {
	id, err := strconv.ParseInt(strings.TrimSuffix(r.PathValue("id"), ".json"), 10, 64)
	i, ok := slices.BinarySearchFunc(s.forum.Topics, id, func(t *Topic, id int64) int { return cmp.Compare(t.ID, id) })
	if err != nil || !ok {
		return nil
	}
	return s.forum.Topics[i]
}

// topic is /t/{id}.json: the first 20 posts and the ids of all.
func (s server) topic(w http.ResponseWriter, r *http.Request) {
	t := s.find(r)
	if t == nil {
		notFound(w)
		return
	}
	posts, stream := []any{}, []int64{}
	for i, p := range t.Posts {
		stream = append(stream, p.ID)
		if i < chunkPosts {
			posts = append(posts, p.json(false))
		}
	}
	item := t.json()
	item["post_stream"] = map[string]any{"posts": posts, "stream": stream}
	item["chunk_size"], item["user_id"], item["deleted_at"] = chunkPosts, t.Posts[0].Author.ID, nil
	if t.Accepted != nil {
		item["accepted_answer"] = map[string]any{"post_number": t.Accepted.Number, "username": t.Accepted.Author.Username}
	}
	send(w, item)
}

// topicPosts is /t/{id}/posts.json?post_ids[]=.
func (s server) topicPosts(w http.ResponseWriter, r *http.Request) {
	t := s.find(r)
	if t == nil {
		notFound(w)
		return
	}
	wanted := r.URL.Query()["post_ids[]"]
	posts := []any{}
	for _, p := range t.Posts {
		if slices.Contains(wanted, strconv.FormatInt(p.ID, 10)) {
			posts = append(posts, p.json(false))
		}
	}
	send(w, map[string]any{"id": t.ID, "post_stream": map[string]any{"posts": posts}})
}
