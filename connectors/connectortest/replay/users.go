package replay

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

const (
	usersPage         = 100
	directoryPage     = 50
	directoryLastPage = 10 // higher pages are refused
)

// user is a person as their posts show them. They joined an hour before their
// first post and were last seen an hour after their last one.
type user struct {
	id          int64
	newest      *version
	first, seen time.Time
	posts       int64
	days        map[string]bool
}

func (f *Forum) users(now time.Time) []*user {
	byID := map[int64]*user{}
	for _, id := range f.ids {
		v := f.visible(id, now)
		if v == nil {
			continue
		}
		u := byID[v.user]
		if u == nil {
			u = &user{id: v.user, first: v.created, days: map[string]bool{}}
			byID[v.user] = u
		}
		u.newest = v
		u.posts++
		u.days[v.created.UTC().Format(time.DateOnly)] = true
		u.seen = v.created.Add(time.Hour)
		if u.seen.After(now) {
			u.seen = now
		}
	}
	return slices.SortedFunc(maps.Values(byID), func(a, b *user) int { return cmp.Compare(a.id, b.id) })
}

// adminUsers is /admin/users/list/{flag}.json: its page counts from 1, and
// page 0 is page 1. Without admin rights the route does not exist.
func (f *Forum) adminUsers(w http.ResponseWriter, r *http.Request) {
	if !f.admin(r) {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	now := f.options.Now()
	list := f.users(now)
	if r.URL.Query().Get("order") == "seen" {
		slices.SortStableFunc(list, func(a, b *user) int { return a.seen.Compare(b.seen) })
	}
	if r.URL.Query().Get("asc") != "true" {
		slices.Reverse(list)
	}
	page := max(number(r, "page", 1), 1)
	from := min((page-1)*usersPage, int64(len(list)))
	items := []any{}
	for _, u := range list[from:min(from+usersPage, int64(len(list)))] {
		items = append(items, u.row(now, r.URL.Query().Get("show_emails") == "true"))
	}
	send(w, items)
}

func (u *user) row(now time.Time, emails bool) map[string]any {
	joined := u.first.Add(-time.Hour)
	row := map[string]any{
		"id": u.id, "username": json.RawMessage(u.newest.member("username")), "name": json.RawMessage(u.newest.member("name")),
		"avatar_template": json.RawMessage(u.newest.member("avatar_template")), "active": true,
		"admin": json.RawMessage(u.newest.member("admin")), "moderator": json.RawMessage(u.newest.member("moderator")),
		"trust_level": json.RawMessage(u.newest.member("trust_level")), "manual_locked_trust_level": nil, "title": nil,
		"created_at": joined.UTC().Format(timeLayout), "created_at_age": now.Sub(joined).Seconds(),
		"last_seen_at": u.seen.UTC().Format(timeLayout), "last_seen_age": now.Sub(u.seen).Seconds(),
		"last_emailed_at": nil, "last_emailed_age": nil, "staged": false,
		"days_visited": len(u.days), "posts_read_count": 7 * u.posts, "topics_entered": 3 * u.posts,
		"post_count": u.posts, "time_read": 600 * u.posts,
	}
	if emails {
		row["email"] = fmt.Sprintf("user%d@example.com", u.id)
		row["secondary_emails"] = []string{}
	}
	return row
}

// directory is /directory_items.json, which ends at page 10 whatever there is.
func (f *Forum) directory(w http.ResponseWriter, r *http.Request) {
	page := number(r, "page", 0)
	if page > directoryLastPage || page < 0 {
		refuse(w, http.StatusBadRequest, `{"errors":["You supplied invalid parameters to the request: page"],"error_type":"invalid_parameters"}`)
		return
	}
	list := f.users(f.options.Now())
	slices.SortStableFunc(list, func(a, b *user) int { return cmp.Compare(b.posts, a.posts) })
	from := min(page*directoryPage, int64(len(list)))
	items := []any{}
	for _, u := range list[from:min(from+directoryPage, int64(len(list)))] {
		items = append(items, map[string]any{"id": u.id, "post_count": u.posts, "days_visited": len(u.days),
			"user": map[string]any{"id": u.id, "username": json.RawMessage(u.newest.member("username"))}})
	}
	send(w, map[string]any{"directory_items": items, "meta": map[string]any{
		"total_rows_directory_items": len(list),
		"load_more_directory_items":  fmt.Sprintf("/directory_items?page=%d", page+1)}})
}

// session is /session/current.json: who the key speaks for.
func (f *Forum) session(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Api-Key") == "" {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	send(w, map[string]any{"current_user": map[string]any{"id": -1, "username": r.Header.Get("Api-Username"),
		"admin": f.options.Admin, "moderator": f.options.Admin, "staff": f.options.Admin}})
}
