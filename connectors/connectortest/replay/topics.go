package replay

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	topicsPage = 30
	chunkSize  = 20
	timeLayout = "2006-01-02T15:04:05.000Z"
)

// topic is a topic as its posts show it, in post order.
type topic struct {
	id     int64
	posts  []*version
	pinned bool
}

func (t topic) opening() *version { return t.posts[0] }
func (t topic) last() *version    { return t.posts[len(t.posts)-1] }

// topics lists the topics that have posts at now, in no order; only one of
// them if only is not 0.
func (f *Forum) topics(now time.Time, only int64) []topic {
	byID := map[int64]*topic{}
	for _, id := range f.ids {
		v := f.visible(id, now)
		if v == nil || only != 0 && v.topic != only {
			continue
		}
		t := byID[v.topic]
		if t == nil {
			t = &topic{id: v.topic, pinned: slices.Contains(f.options.Pinned, v.topic)}
			byID[v.topic] = t
		}
		t.posts = append(t.posts, v)
	}
	list := make([]topic, 0, len(byID))
	for _, t := range byID {
		slices.SortFunc(t.posts, func(a, b *version) int { return cmp.Compare(a.number, b.number) })
		list = append(list, *t)
	}
	return list
}

// latestTopics is /latest.json. Pinned topics float to the top of the order
// by activity with their old dates.
func (f *Forum) latestTopics(w http.ResponseWriter, r *http.Request) {
	now := f.options.Now()
	order := r.URL.Query().Get("order")
	size := min(max(number(r, "per_page", topicsPage), 1), 100)
	page := max(number(r, "page", 0), 0)
	list := f.topics(now, 0)
	slices.SortFunc(list, func(a, b topic) int {
		if order == "created" {
			return -cmp.Or(a.opening().created.Compare(b.opening().created), cmp.Compare(a.id, b.id))
		}
		if a.pinned != b.pinned {
			return map[bool]int{true: -1, false: 1}[a.pinned]
		}
		return -cmp.Or(a.last().created.Compare(b.last().created), cmp.Compare(a.id, b.id))
	})
	if r.URL.Query().Get("ascending") == "true" {
		slices.Reverse(list)
	}
	from, until := min(page*size, int64(len(list))), min((page+1)*size, int64(len(list)))
	result := map[string]any{"can_create_topic": false, "per_page": size, "topics": f.listed(list[from:until], now)}
	if until < int64(len(list)) {
		result["more_topics_url"] = fmt.Sprintf("/latest?no_definitions=true&order=%s&page=%d", order, page+1)
	}
	send(w, map[string]any{"users": []any{}, "primary_groups": []any{}, "topic_list": result})
}

func (f *Forum) listed(list []topic, now time.Time) []any {
	items := make([]any, 0, len(list))
	for _, t := range list {
		item := f.summary(t, now)
		item["bumped"] = true
		item["bumped_at"] = t.last().created.UTC().Format(timeLayout)
		item["unseen"] = false
		item["posters"] = []any{map[string]any{"extras": nil, "description": "Original Poster", "user_id": t.opening().user}}
		items = append(items, item)
	}
	return items
}

// summary is what lists and the topic itself have in common. Pinned topics and
// topic 1 have no last_posted_at, as happens on real forums.
func (f *Forum) summary(t topic, now time.Time) map[string]any {
	var likes int64
	for _, v := range t.posts {
		likes += v.likes()
	}
	days := int64(now.Sub(t.opening().created) / (24 * time.Hour))
	item := map[string]any{
		"id": t.id, "title": json.RawMessage(t.last().member("topic_title")),
		"fancy_title": json.RawMessage(t.last().member("topic_html_title")),
		"slug":        json.RawMessage(t.last().member("topic_slug")),
		"posts_count": len(t.posts), "reply_count": len(t.posts) - 1,
		"highest_post_number": t.last().number, "image_url": nil,
		"created_at":     t.opening().created.UTC().Format(timeLayout),
		"last_posted_at": t.last().created.UTC().Format(timeLayout),
		"archetype":      "regular", "pinned": t.pinned, "pinned_globally": t.pinned, "unpinned": nil,
		"visible": true, "closed": false, "archived": false, "has_summary": false, "has_accepted_answer": false,
		"views": 10*int64(len(t.posts)) + 3*days, "like_count": likes,
		"category_id": json.RawMessage(t.last().member("category_id")), "tags": []any{},
	}
	if t.pinned || t.id == 1 {
		item["last_posted_at"] = nil
	}
	return item
}

func (v *version) likes() int64 {
	var actions []struct{ ID, Count int64 }
	if json.Unmarshal([]byte(v.member("actions_summary")), &actions) != nil {
		return 0
	}
	for _, action := range actions {
		if action.ID == 2 {
			return action.Count
		}
	}
	return 0
}

// topic is /t/{id}.json: the first 20 posts and the ids of all.
func (f *Forum) topic(w http.ResponseWriter, r *http.Request) {
	t, now := f.find(r), f.options.Now()
	if t == nil {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	stream := make([]int64, 0, len(t.posts))
	for _, v := range t.posts {
		stream = append(stream, v.id)
	}
	item := f.summary(*t, now)
	item["post_stream"] = map[string]any{
		"posts":  postList(t.posts[:min(chunkSize, len(t.posts))], r, now),
		"stream": stream,
	}
	item["chunk_size"] = chunkSize
	item["user_id"] = t.opening().user
	item["deleted_at"] = nil
	send(w, item)
}

// topicPosts is /t/{id}/posts.json?post_ids[]=: the named posts of a topic, or
// its first 20.
func (f *Forum) topicPosts(w http.ResponseWriter, r *http.Request) {
	t := f.find(r)
	if t == nil {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	posts := t.posts[:min(chunkSize, len(t.posts))]
	if wanted := r.URL.Query()["post_ids[]"]; len(wanted) > 0 {
		posts = nil
		for _, v := range t.posts {
			if slices.Contains(wanted, strconv.FormatInt(v.id, 10)) {
				posts = append(posts, v)
			}
		}
	}
	send(w, map[string]any{"id": t.id,
		"post_stream": map[string]any{"posts": postList(posts, r, f.options.Now())}})
}

func (f *Forum) find(r *http.Request) *topic {
	id, err := strconv.ParseInt(strings.TrimSuffix(r.PathValue("id"), ".json"), 10, 64)
	if list := f.topics(f.options.Now(), id); err == nil && id > 0 && len(list) == 1 {
		return &list[0]
	}
	return nil
}

func postList(posts []*version, r *http.Request, now time.Time) []json.RawMessage {
	s := shape{raw: r.URL.Query().Get("include_raw") == "true"}
	list := make([]json.RawMessage, 0, len(posts))
	for _, v := range posts {
		var body bytes.Buffer
		v.write(&body, s, now)
		list = append(list, body.Bytes())
	}
	return list
}

// categories is /categories.json, named by number since a post tells no more.
func (f *Forum) categories(w http.ResponseWriter, _ *http.Request) {
	counts := map[string]int{}
	for _, t := range f.topics(f.options.Now(), 0) {
		counts[t.last().member("category_id")]++
	}
	list := []any{}
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		if id == "null" {
			continue
		}
		list = append(list, map[string]any{"id": json.RawMessage(id), "name": "Category " + id,
			"slug": "category-" + id, "topic_count": counts[id], "read_restricted": false,
			"parent_category_id": nil})
	}
	send(w, map[string]any{"category_list": map[string]any{"can_create_category": false, "categories": list}})
}
