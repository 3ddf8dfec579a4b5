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
		s.restList(w, r, repo, rest, s.restIssues(repo), fault)
	case "/issues/comments":
		s.restList(w, r, repo, rest, s.restComments(repo), fault)
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
func (s *Server) restList(w http.ResponseWriter, r *http.Request, repo *Object, rest string, items []map[string]any, fault Fault) {
	query := r.URL.Query()
	since := query.Get("since")
	kept := items[:0]
	for _, item := range items {
		if since == "" || item["updated_at"].(string) >= since {
			kept = append(kept, item)
		}
	}
	key := "created_at"
	if query.Get("sort") == "updated" {
		key = "updated_at"
	}
	sort.SliceStable(kept, func(i, j int) bool {
		a, b := kept[i][key].(string), kept[j][key].(string)
		if query.Get("direction") != "asc" {
			a, b = b, a
		}
		return a < b
	})
	size := clamp(query.Get("per_page"), 30, maxPage)
	page := clamp(query.Get("page"), 1, 1<<20)
	start := min(len(kept), (page-1)*size)
	end := min(len(kept), start+size)
	if end < len(kept) {
		query.Set("page", strconv.Itoa(page+1))
		w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"`, s.address(r, repo, rest, query)))
	}
	body, _ := json.Marshal(append([]map[string]any{}, kept[start:end]...))
	send(w, body, fault)
}

func clamp(text string, otherwise, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return otherwise
	}
	return min(n, most)
}

func (s *Server) restIssues(repo *Object) []map[string]any {
	var items []map[string]any
	for _, e := range repo.list("issues").edges {
		o := e.node
		item := s.restItem(repo, o)
		item["number"], item["title"] = o.fields["number"], o.fields["title"]
		item["state"], item["comments"] = "open", len(o.list("comments").edges)
		if o.Type == "PullRequest" {
			item["pull_request"] = map[string]any{"url": o.Text("url")}
		}
		items = append(items, item)
	}
	return items
}

func (s *Server) restComments(repo *Object) []map[string]any {
	var items []map[string]any
	for _, e := range repo.list("issueComments").edges {
		items = append(items, s.restItem(repo, e.node))
	}
	return items
}

func (s *Server) restItem(repo, o *Object) map[string]any {
	var user any
	if author, ok := o.fields["author"].(*Object); ok {
		user = map[string]any{"login": author.Text("login"), "id": author.number, "node_id": author.ID, "type": author.Type}
	}
	return map[string]any{
		"id": o.number, "node_id": o.ID, "url": fmt.Sprintf("https://api.github.com/repos/%s/issues/%d", repo.Text("nameWithOwner"), o.number),
		"html_url": o.Text("url"), "created_at": o.Text("createdAt"), "updated_at": o.Text("updatedAt"),
		"body": o.Text("bodyText"), "user": user, "author_association": o.Text("authorAssociation"),
		"reactions": map[string]any{"url": o.Text("url"), "total_count": len(o.list("reactions").edges)},
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
