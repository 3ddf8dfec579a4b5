package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/internal/world"
)

// categoryMade is a category's settings as Discourse makes it.
const categoryMade = `{"color":"0088CC","text_color":"FFFFFF","style_type":"square","emoji":null,"icon":null,"description":null,"description_text":null,` +
	`"description_excerpt":null,"topic_url":null,"read_restricted":false,"permission":1,"notification_level":1,"can_edit":true,"topic_template":null,` +
	`"topic_title_placeholder":null,"has_children":false,"subcategory_count":null,"sort_order":null,"sort_ascending":null,"show_subcategory_list":false,` +
	`"num_featured_topics":3,"default_view":null,"subcategory_list_style":"rows_with_featured_topics","default_top_period":"all",` +
	`"default_list_filter":"all","minimum_required_tags":0,"navigate_to_first_post_after_read":false,"topics_day":0,"topics_week":0,"topics_month":0,` +
	`"topics_year":0,"subcategory_ids":[],"subcategory_list":null,"uploaded_logo":null,"uploaded_logo_dark":null,"uploaded_background":null,` +
	`"uploaded_background_dark":null}`

// categories is /categories.json.
func (s *discourse) categories(w http.ResponseWriter, r *http.Request) {
	list := []map[string]any{}
	if n, ok := page(w, r, "page", 1); !ok {
		return
	} else if n <= 1 {
		list = s.forum.renderCategories()
	}
	send(w, map[string]any{"category_list": map[string]any{"can_create_category": true, "can_create_topic": true, "categories": list}})
}

func (f *forum) renderCategories() []map[string]any {
	list := []map[string]any{}
	if f.community == world.None {
		return list
	}
	categories := f.world.Communities[f.community].Categories
	for i := range categories {
		c := &categories[i]
		var item map[string]any
		if err := json.Unmarshal([]byte(categoryMade), &item); err != nil {
			panic(err) // a constant
		}
		topics, posts := 0, 0
		for _, t := range f.byCreation {
			if t.category == c {
				topics, posts = topics+1, posts+t.living
			}
		}
		item["id"], item["name"], item["slug"], item["position"] = c.ID, c.Name, c.Slug, i
		item["topic_count"], item["post_count"], item["topics_all_time"] = topics, posts, topics
		item["custom_fields"] = map[string]any{"enable_accepted_answers": strconv.FormatBool(c.Solvable)}
		list = append(list, item)
	}
	return list
}

// tagID is a tag's number.
func tagID(name string) int { return slices.Index(world.Topics(), name) + 1 }

// tags is /tags.json: those that a topic bears.
func (s *discourse) tags(w http.ResponseWriter, _ *http.Request) {
	counts := map[string]int{}
	for _, t := range s.forum.byCreation {
		counts[t.tag]++
	}
	list := []map[string]any{}
	for _, tag := range world.Topics() {
		if counts[tag] > 0 {
			list = append(list, map[string]any{"id": tagID(tag), "text": tag, "name": tag, "slug": tag, "count": counts[tag], "pm_count": 0, "target_tag": nil})
		}
	}
	send(w, map[string]any{"tags": list, "extras": map[string]any{"categories": []any{}}})
}

func (s *discourse) basicInfo(w http.ResponseWriter, _ *http.Request) {
	title := ""
	if s.forum.community != world.None {
		title = s.forum.world.Communities[s.forum.community].Name
	}
	info := map[string]any{"title": title, "login_required": false, "include_in_discourse_discover": false}
	for _, name := range []string{"logo_url", "logo_small_url", "apple_touch_icon_url", "favicon_url", "mobile_logo_url", "description"} {
		info[name] = ""
	}
	info["header_primary_color"], info["header_background_color"], info["locale"] = "333333", "ffffff", "en"
	send(w, info)
}

// searchLogs is empty: nobody in the world searches.
func (s *discourse) searchLogs(w http.ResponseWriter, _ *http.Request) { send(w, []any{}) }

// review is /review.json by the making of its entries, the latest first.
func (s *discourse) review(w http.ResponseWriter, r *http.Request) {
	offset, ok := page(w, r, "offset", 0)
	if !ok {
		return
	}
	var list []*review
	for _, entry := range slices.Backward(s.forum.reviews) {
		if entry.status == 0 || r.FormValue("status") == "all" {
			list = append(list, entry)
		}
	}
	items := []map[string]any{}
	for _, entry := range cut(list, offset, reviewsPage) {
		items = append(items, s.forum.renderReview(entry))
	}
	send(w, map[string]any{"reviewables": items, "meta": map[string]any{"total_rows_reviewables": len(list), "types": map[string]any{}, "reviewable_topic_count": len(list)}})
}

func (f *forum) renderReview(entry *review) map[string]any {
	p := entry.post
	writer, _, _ := author(p)
	by := int64(systemID)
	if entry.by != nil {
		by = entry.by.id
	}
	item := map[string]any{
		"id": entry.id, "type": "ReviewableFlaggedPost", "type_source": "core", "status": entry.status, "created_at": stamp(entry.at), "score": 2.0 * float64(entry.scores),
		"created_by_id": by, "target_created_by_id": writer, "topic_id": p.topic.id, "post_id": p.number, "target_type": "Post", "target_id": p.number,
		"target_url": p.url(), "category_id": p.topic.category.ID, "raw": f.text(p), "cooked": "<p>" + f.text(p) + "</p>", "version": entry.scores, "can_edit": false,
		"topic_url": fmt.Sprintf("/t/%s/%d", p.topic.slug, p.topic.id), "payload": nil, "reviewable_scores": []any{},
	}
	if p.place == 1 {
		item["target_url"] = fmt.Sprintf("/t/%s/%d", p.topic.slug, p.topic.id)
	}
	if p.topic.deleted != 0 {
		item["topic_id"], item["removed_topic_id"] = nil, p.topic.id
	}
	return item
}

// explore runs the Data Explorer query BookmarksQuery: bookmarks of all users
// above an id, in its order.
func (s *discourse) explore(w http.ResponseWriter, r *http.Request) {
	if pathID(r, "id") != BookmarksQuery {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	after := gjson.Get(r.FormValue("params"), "after").Int()
	limit, ok := number(r, "limit", explorerLimit)
	if !ok {
		refuse(w, http.StatusBadRequest, fmt.Sprintf(notAParam, "limit"))
		return
	}
	rows := [][]any{}
	for _, b := range s.forum.bookmarks {
		if b.id > after && int64(len(rows)) < limit && b.by != nil && b.post.deleted == 0 {
			rows = append(rows, s.forum.renderBookmark(b))
		}
	}
	send(w, map[string]any{"success": true, "errors": []any{}, "duration": 1.2, "result_count": len(rows), "params": map[string]any{"after": strconv.FormatInt(after, 10)},
		"columns":        []string{"id", "user_id", "bookmarkable_type", "bookmarkable_id", "created_at", "updated_at", "topic_id", "post_number", "target_user_id"},
		"default_limit":  explorerLimit,
		"rows":           rows,
		"relations":      map[string]any{},
		"colrender":      map[string]any{},
		"explain_output": nil,
	})
}

// renderBookmark is a row of the query in the connector's README: what joins a
// post is null for a bookmarked topic.
func (f *forum) renderBookmark(b *bookmark) []any {
	at, p := stamp(b.at), b.post
	if p.place == 1 {
		return []any{b.id, b.by.id, "Topic", p.topic.id, at, at, nil, nil, nil}
	}
	writer, _, _ := author(p)
	return []any{b.id, b.by.id, "Post", p.number, at, at, p.topic.id, p.place, writer}
}

// events is /discourse-post-event/events.json: those that start after a moment,
// the earliest first.
func (s *discourse) events(w http.ResponseWriter, r *http.Request) {
	limit, ok := number(r, "limit", eventsPage)
	after, err := time.Parse(time.RFC3339, r.FormValue("after"))
	if !ok || r.FormValue("after") != "" && err != nil {
		refuse(w, http.StatusBadRequest, fmt.Sprintf(notAParam, "after"))
		return
	}
	f := s.forum
	list := slices.Clone(f.gatherings)
	slices.SortStableFunc(list, func(a, b *gathering) int {
		return int(f.world.Gatherings[a.id].Starts - f.world.Gatherings[b.id].Starts)
	})
	items := []map[string]any{}
	for _, g := range list {
		if f.world.Gatherings[g.id].Starts.Time().After(after) && int64(len(items)) < limit {
			items = append(items, f.renderGathering(g))
		}
	}
	send(w, map[string]any{"events": items})
}

func (f *forum) renderGathering(g *gathering) map[string]any {
	it := &f.world.Gatherings[g.id]
	starts, ends := stamp(it.Starts), stamp(it.Ends)
	return map[string]any{
		"id": it.ID, "category_id": nil, "name": it.Series, "starts_at": starts, "ends_at": ends, "show_local_time": false, "timezone": world.Zone,
		"post": map[string]any{"id": it.ID, "post_number": 1, "url": fmt.Sprintf("/t/%d/1", it.ID), "category_slug": "events",
			"topic": map[string]any{"id": it.ID, "title": it.Series, "slug": slug(it.Series), "tags": []string{}, "tags_descriptions": map[string]any{}}},
		"occurrences":                     []any{map[string]any{"starts_at": starts, "ends_at": ends}},
		"can_act_on_discourse_post_event": true, "can_update_attendance": true, "is_closed": false, "is_expired": it.Ends < f.at,
		"is_ongoing": it.Starts <= f.at && f.at < it.Ends, "is_private": false, "is_public": true, "is_standalone": false, "should_display_invitees": true,
		"stats":  map[string]any{"going": len(g.going), "interested": 0, "not_going": 0, "invited": 0},
		"status": "public", "max_attendees": it.Capacity, "at_capacity": it.Capacity > 0 && len(g.going) >= int(it.Capacity),
	}
}

// invitees is /discourse-post-event/events/{id}/invitees.json of one kind of
// answer: the world knows those who are going.
func (s *discourse) invitees(w http.ResponseWriter, r *http.Request) {
	f := s.forum
	id := pathID(r, "id")
	i := slices.IndexFunc(f.gatherings, func(g *gathering) bool { return f.world.Gatherings[g.id].ID == id })
	if i < 0 {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	items := []map[string]any{}
	for _, invitee := range f.gatherings[i].going {
		if kind := r.FormValue("type"); kind == "" || kind == "going" {
			items = append(items, map[string]any{"id": invitee.id, "status": "going",
				"user": map[string]any{"id": invitee.by.id, "username": invitee.by.username, "name": invitee.by.name, "avatar_template": avatar}})
		}
	}
	send(w, map[string]any{"invitees": items, "meta": map[string]any{"suggested_users": []any{}}})
}
