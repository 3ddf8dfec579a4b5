package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// rest answers the REST paths the connector uses. A renamed repository
// redirects to its address by number, which Link headers use too.
func (s *Server) rest(w http.ResponseWriter, r *http.Request, fault Fault) {
	repo, rest, moved := s.target(strings.TrimPrefix(r.URL.Path, "/api/v3"))
	if repo == nil {
		notFound(w)
		return
	}
	if moved {
		w.Header().Set("Location", s.address(r, repo, rest, r.URL.Query()))
		answer(w, http.StatusMovedPermanently, map[string]any{"message": "Moved Permanently"})
		return
	}
	if status := s.Deny[repo.Text("nameWithOwner")]; status != 0 {
		message := map[int]string{410: "Issues are disabled for this repo", 404: "Not Found", 451: "Repository access blocked",
			403: "Resource not accessible by personal access token", 409: "Git Repository is empty."}[status]
		answer(w, status, map[string]any{"message": message, "status": fmt.Sprint(status)})
		return
	}
	switch rest {
	case "/issues":
		s.restList(w, r, repo, rest, "issues", fault)
	case "/issues/comments":
		s.restList(w, r, repo, rest, "issueComments", fault)
	case "/traffic/views", "/traffic/clones":
		s.restTraffic(w, repo, strings.TrimPrefix(rest, "/traffic/"), fault)
	default:
		notFound(w)
	}
}

func notFound(w http.ResponseWriter) {
	answer(w, http.StatusNotFound, map[string]any{"message": "Not Found", "status": "404"})
}

// target finds the repository of a path and what follows it.
func (s *Server) target(path string) (repo *Object, rest string, moved bool) {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 4)
	if len(parts) >= 3 && parts[0] == "repositories" {
		for _, repo := range s.World.repositories {
			if strconv.FormatInt(repo.number, 10) == parts[1] {
				return repo, "/" + strings.Join(parts[2:], "/"), false
			}
		}
	}
	if len(parts) < 4 || parts[0] != "repos" {
		return nil, "", false
	}
	name := parts[1] + "/" + parts[2]
	repo = s.World.repository(name)
	if repo == nil {
		return nil, "", false
	}
	return repo, "/" + parts[3], !strings.EqualFold(repo.Text("nameWithOwner"), name)
}

func (s *Server) address(r *http.Request, repo *Object, rest string, query url.Values) string {
	base := ""
	if strings.HasPrefix(r.URL.Path, "/api/v3") {
		base = "/api/v3"
	}
	return fmt.Sprintf("http://%s%s/repositories/%d%s?%s", r.Host, base, repo.number, rest, query.Encode())
}

// restList sorts by change time, filters by since and pages with Link.
func (s *Server) restList(w http.ResponseWriter, r *http.Request, repo *Object, rest, name string, fault Fault) {
	query := r.URL.Query()
	by := order{field: "createdAt", down: query.Get("direction") != "asc"}
	if query.Get("sort") == "updated" {
		by.field = "updatedAt"
	}
	edges, _ := s.World.sorted(repo.list(name), by)
	edges = changedSince(edges, by, query.Get("since"))
	size := clamp(query.Get("per_page"), 30, maxPage)
	page := clamp(query.Get("page"), 1, 1<<20)
	start := min(len(edges), (page-1)*size)
	end := min(len(edges), start+size)
	if end < len(edges) {
		query.Set("page", strconv.Itoa(page+1))
		w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"`, s.address(r, repo, rest, query)))
	}
	items := make([]map[string]any, 0, end-start)
	for _, e := range edges[start:end] {
		items = append(items, s.restItem(repo, e.node))
	}
	body, err := json.Marshal(items)
	if err != nil {
		panic(err) // items are plain values
	}
	send(w, body, fault)
}

// changedSince leaves out what did not change at a time or later; in the order
// of change that is one end.
func changedSince(edges []*edge, by order, since string) []*edge {
	changed := func(e *edge) bool { return e.node.Text("updatedAt") >= since }
	switch {
	case since == "":
		return edges
	case by.field == "updatedAt" && !by.down:
		return edges[sort.Search(len(edges), func(i int) bool { return changed(edges[i]) }):]
	case by.field == "updatedAt":
		return edges[:sort.Search(len(edges), func(i int) bool { return !changed(edges[i]) })]
	}
	var kept []*edge
	for _, e := range edges {
		if changed(e) {
			kept = append(kept, e)
		}
	}
	return kept
}

func clamp(text string, otherwise, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return otherwise
	}
	return min(n, most)
}

// restItem is an issue, a pull request or a comment on one.
func (s *Server) restItem(repo, o *Object) map[string]any {
	address := "https://api.github.com/repos/" + repo.Text("nameWithOwner")
	item := map[string]any{
		"id": o.number, "node_id": o.ID, "html_url": o.Text("url"), "created_at": o.Text("createdAt"), "updated_at": o.Text("updatedAt"),
		"body": o.Text("bodyText"), "user": restUser(o.fields["author"]), "author_association": o.Text("authorAssociation"), "performed_via_github_app": nil,
	}
	if o.Type == "IssueComment" {
		item["url"] = fmt.Sprintf("%s/issues/comments/%d", address, o.number)
		item["issue_url"] = fmt.Sprintf("%s/issues/%v", address, o.issue().fields["number"])
	} else {
		s.restIssue(item, address, o)
	}
	item["reactions"] = restReactions(item["url"].(string), o)
	return item
}

// issue is what a comment stands on.
func (o *Object) issue() *Object {
	if issue, ok := o.fields["issue"].(*Object); ok {
		return issue
	}
	return o.fields["pullRequest"].(*Object)
}

func (s *Server) restIssue(item map[string]any, address string, o *Object) {
	url := fmt.Sprintf("%s/issues/%v", address, o.fields["number"])
	labels := []map[string]any{}
	for _, e := range o.list("labels").edges {
		l := e.node
		labels = append(labels, map[string]any{"id": l.number, "node_id": l.ID, "url": address + "/labels/" + l.Text("name"), "name": l.Text("name"),
			"description": nil, "color": l.Text("color"), "default": false})
	}
	for name, value := range map[string]any{
		"url": url, "repository_url": address, "labels_url": url + "/labels{/name}", "comments_url": url + "/comments", "events_url": url + "/events",
		"timeline_url": url + "/timeline", "number": o.fields["number"], "title": o.fields["title"], "state": "open", "state_reason": nil, "locked": o.fields["locked"],
		"active_lock_reason": nil, "labels": labels, "assignee": nil, "assignees": []any{}, "milestone": nil, "comments": len(o.list("comments").edges),
		"closed_at": o.fields["closedAt"], "closed_by": nil,
	} {
		item[name] = value
	}
	if o.fields["closed"] == true {
		item["state"], item["state_reason"] = "closed", "completed"
	}
	if o.Type == "PullRequest" {
		pull := fmt.Sprintf("%s/pulls/%v", address, o.fields["number"])
		item["pull_request"] = map[string]any{"url": pull, "html_url": o.Text("url"), "diff_url": o.Text("url") + ".diff", "patch_url": o.Text("url") + ".patch", "merged_at": o.fields["mergedAt"]}
		item["draft"] = o.fields["isDraft"]
	}
}

func restReactions(url string, o *Object) map[string]any {
	rollup := map[string]any{"url": url + "/reactions", "total_count": len(o.list("reactions").edges),
		"+1": 0, "-1": 0, "laugh": 0, "confused": 0, "heart": 0, "hooray": 0, "eyes": 0, "rocket": 0}
	for _, e := range o.list("reactions").edges {
		name := strings.ToLower(e.node.Text("content"))
		switch name {
		case "thumbs_up":
			name = "+1"
		case "thumbs_down":
			name = "-1"
		}
		if n, ok := rollup[name].(int); ok {
			rollup[name] = n + 1
		}
	}
	return rollup
}

// restUser is an account as lists show it; nil for one that is gone.
func restUser(account any) any {
	o, ok := account.(*Object)
	if !ok {
		return nil
	}
	login := o.Text("login")
	api := "https://api.github.com/users/" + login
	return map[string]any{
		"login": login, "id": o.number, "node_id": o.ID, "type": o.Type, "site_admin": false, "gravatar_id": "",
		"avatar_url": fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", o.number), "url": api, "html_url": "https://github.com/" + login,
		"followers_url": api + "/followers", "following_url": api + "/following{/other_user}", "gists_url": api + "/gists{/gist_id}",
		"starred_url": api + "/starred{/owner}{/repo}", "subscriptions_url": api + "/subscriptions", "organizations_url": api + "/orgs",
		"repos_url": api + "/repos", "events_url": api + "/events{/privacy}", "received_events_url": api + "/received_events",
	}
}

// restTraffic gives the last 14 days to those who may push.
func (s *Server) restTraffic(w http.ResponseWriter, repo *Object, kind string, fault Fault) {
	switch repo.Text("viewerPermission") {
	case "ADMIN", "MAINTAIN", "WRITE":
	default:
		answer(w, http.StatusForbidden, map[string]any{"message": "Must have push access to repository", "status": "403"})
		return
	}
	first := s.World.now.Truncate(24*time.Hour).AddDate(0, 0, -13)
	var count, uniques int64
	days := []map[string]any{}
	for _, d := range s.World.traffic[repo.ID] {
		if d.date.Before(first) || d.date.After(s.World.now) {
			continue
		}
		seen, people := d.views, d.visitors
		if kind == "clones" {
			seen, people = d.clones, d.cloners
		}
		count, uniques = count+seen, uniques+people
		days = append(days, map[string]any{"timestamp": d.date.Format(time.RFC3339), "count": seen, "uniques": people})
	}
	body, _ := json.Marshal(map[string]any{"count": count, "uniques": uniques, kind: days})
	send(w, body, fault)
}
