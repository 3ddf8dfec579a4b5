package demoforum

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s server) categoryList() []any {
	list := []any{}
	for _, c := range s.forum.Categories {
		topics := 0
		for _, t := range s.forum.Topics {
			if t.Category.ID == c.ID {
				topics++
			}
		}
		list = append(list, map[string]any{"id": c.ID, "name": c.Name, "slug": c.Slug, "color": "0088CC", "position": c.ID, "topic_count": topics,
			"read_restricted": false, "parent_category_id": nil, "custom_fields": map[string]any{"enable_accepted_answers": strconv.FormatBool(c.Solvable)}})
	}
	return list
}

func (s server) categories(w http.ResponseWriter, _ *http.Request) {
	send(w, map[string]any{"category_list": map[string]any{"can_create_category": true, "categories": s.categoryList()}})
}

func (s server) site(w http.ResponseWriter, _ *http.Request) {
	send(w, map[string]any{"categories": s.categoryList(), "groups": []any{}, "post_action_types": []any{}})
}

func (s server) tags(w http.ResponseWriter, _ *http.Request) {
	counts := map[string]int{}
	for _, t := range s.forum.Topics {
		for _, tag := range t.Tags {
			counts[tag]++
		}
	}
	list := []any{}
	for tag, n := range counts {
		list = append(list, map[string]any{"id": tag, "name": tag, "text": tag, "count": n, "pm_only": false})
	}
	slices.SortFunc(list, func(a, b any) int {
		return cmp.Compare(a.(map[string]any)["id"].(string), b.(map[string]any)["id"].(string))
	})
	send(w, map[string]any{"tags": list, "extras": map[string]any{"tag_groups": []any{}}})
}

func (s server) groups(w http.ResponseWriter, r *http.Request) {
	list := []any{}
	if parameter(r, "page", 0) == 0 {
		list = append(list, map[string]any{"id": 3, "name": "staff", "automatic": true, "user_count": len(staffNames()), "visibility_level": 0})
	}
	send(w, map[string]any{"groups": list, "extras": map[string]any{"type_filters": []any{}}, "total_rows_groups": 1, "load_more_groups": "/groups?page=1"})
}

func (s server) session(w http.ResponseWriter, r *http.Request) {
	send(w, map[string]any{"current_user": map[string]any{"id": -1, "username": r.Header.Get("Api-Username"), "admin": true, "moderator": true, "staff": true}})
}

// users is /admin/users/list/{flag}.json; its page counts from 1, and page 0
// is page 1.
func (s server) users(w http.ResponseWriter, r *http.Request) {
	list := slices.Clone(s.forum.Users)
	slices.SortStableFunc(list, func(a, b *User) int {
		if r.URL.Query().Get("order") == "seen" {
			return a.Seen.Compare(b.Seen)
		}
		return a.Joined.Compare(b.Joined)
	})
	if r.URL.Query().Get("asc") != "true" {
		slices.Reverse(list)
	}
	flag := strings.TrimSuffix(r.PathValue("flag"), ".json")
	list = slices.DeleteFunc(list, func(u *User) bool {
		return flag == "staff" && !u.Staff || flag == "suspended" && u.Suspended.IsZero() || flag == "staged" || flag == "blocked" || flag == "silenced" || flag == "suspect"
	})
	items := []any{}
	for _, u := range page(list, max(parameter(r, "page", 1), 1)-1, usersPage) {
		items = append(items, u.json(s.forum.End, r.URL.Query().Get("show_emails") == "true"))
	}
	send(w, items)
}

func (u *User) json(now time.Time, emails bool) map[string]any {
	object := map[string]any{
		"id": u.ID, "username": u.Username, "name": u.Name, "avatar_template": "/letter_avatar/{size}.png", "active": true, "admin": u.Staff, "moderator": false,
		"trust_level": u.trust(), "created_at": u.Joined.Format(timeLayout), "created_at_age": now.Sub(u.Joined).Seconds(),
		"last_seen_at": u.Seen.Format(timeLayout), "last_seen_age": now.Sub(u.Seen).Seconds(), "staged": false, "title": nil,
		"days_visited": len(u.days) + 3, "posts_read_count": 12 * (u.posts + 1), "topics_entered": 5 * (u.posts + 1), "post_count": u.posts, "time_read": 900 * (u.posts + 1),
	}
	if !u.Suspended.IsZero() {
		object["suspended_at"], object["suspended_till"], object["suspended"] = u.Suspended.Format(timeLayout), "2999-01-01T00:00:00.000Z", true
	}
	if emails {
		object["email"], object["secondary_emails"] = u.Email, []string{}
	}
	return object
}
