package githubtest

import (
	"bytes"
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
	items := make([][]byte, 0, end-start)
	for _, e := range edges[start:end] {
		items = append(items, s.restItem(repo, e.node))
	}
	send(w, append(append([]byte{'['}, bytes.Join(items, []byte{','})...), ']'), fault)
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
func (s *Server) restItem(repo, o *Object) []byte {
	address := "https://api.github.com/repos/" + repo.Text("nameWithOwner")
	url := fmt.Sprintf("%s/issues/%v", address, o.fields["number"])
	if o.Type == "IssueComment" {
		url = fmt.Sprintf("%s/issues/comments/%d", address, o.number)
	}
	item := fmt.Appendf(make([]byte, 0, 4<<10), `{"url":%q,"html_url":%q,"id":%d,"node_id":%q,"user":%s,"created_at":%q,"updated_at":%q,"body":%s,`+
		`"author_association":%q,"performed_via_github_app":null,"reactions":%s,`, url, o.Text("url"), o.number, o.ID, restUser(o.fields["author"]),
		o.Text("createdAt"), o.Text("updatedAt"), quoted(o.Text("bodyText")), o.Text("authorAssociation"), restReactions(url, o))
	if o.Type == "IssueComment" {
		return fmt.Appendf(item, `"issue_url":"%s/issues/%v"}`, address, o.issue().fields["number"])
	}
	return restIssue(item, address, url, o)
}

func quoted(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // fields hold plain values only
	}
	return text
}

// issue is what a comment stands on.
func (o *Object) issue() *Object {
	if issue, ok := o.fields["issue"].(*Object); ok {
		return issue
	}
	return o.fields["pullRequest"].(*Object)
}

// restIssue completes an item that is an issue or a pull request.
func restIssue(item []byte, address, url string, o *Object) []byte {
	state, reason := "open", "null"
	if o.fields["closed"] == true {
		state, reason = "closed", `"completed"`
	}
	var labels [][]byte
	for _, e := range o.list("labels").edges {
		l := e.node
		labels = append(labels, fmt.Appendf(nil, `{"id":%d,"node_id":%q,"url":%q,"name":%q,"description":null,"color":%q,"default":false}`,
			l.number, l.ID, address+"/labels/"+l.Text("name"), l.Text("name"), l.Text("color")))
	}
	item = fmt.Appendf(item, `"repository_url":%q,"labels_url":"%[2]s/labels{/name}","comments_url":"%[2]s/comments","events_url":"%[2]s/events",`+
		`"timeline_url":"%[2]s/timeline","number":%[3]v,"title":%[4]s,"state":%[5]q,"state_reason":%[6]s,"locked":%[7]v,"active_lock_reason":null,`+
		`"labels":[%[8]s],"assignee":null,"assignees":[],"milestone":null,"comments":%[9]d,"closed_at":%[10]s,"closed_by":null`,
		address, url, o.fields["number"], quoted(o.fields["title"]), state, reason, o.fields["locked"],
		bytes.Join(labels, []byte{','}), len(o.list("comments").edges), quoted(o.fields["closedAt"]))
	if o.Type == "PullRequest" {
		item = fmt.Appendf(item, `,"draft":%v,"pull_request":{"url":"%s/pulls/%v","html_url":%[4]q,"diff_url":"%[4]s.diff","patch_url":"%[4]s.patch","merged_at":%[5]s}`,
			o.fields["isDraft"], address, o.fields["number"], o.Text("url"), quoted(o.fields["mergedAt"]))
	}
	return append(item, '}')
}

func restReactions(url string, o *Object) json.RawMessage {
	n := map[string]int{}
	edges := o.list("reactions").edges
	for _, e := range edges {
		n[e.node.Text("content")]++
	}
	return fmt.Appendf(nil, `{"url":%q,"total_count":%d,"+1":%d,"-1":%d,"laugh":%d,"hooray":%d,"confused":%d,"heart":%d,"rocket":%d,"eyes":%d}`,
		url+"/reactions", len(edges), n["THUMBS_UP"], n["THUMBS_DOWN"], n["LAUGH"], n["HOORAY"], n["CONFUSED"], n["HEART"], n["ROCKET"], n["EYES"])
}

// restUser is an account as lists show it; null for one that is gone.
func restUser(account any) json.RawMessage {
	o, ok := account.(*Object)
	if !ok {
		return json.RawMessage("null")
	}
	if o.rest == nil {
		login := o.Text("login")
		api := "https://api.github.com/users/" + login
		text := fmt.Appendf(nil, `{"login":%q,"id":%d,"node_id":%q,"avatar_url":"https://avatars.githubusercontent.com/u/%d?v=4","gravatar_id":"",`+
			`"url":%q,"html_url":"https://github.com/%s","type":%q,"site_admin":false`, login, o.number, o.ID, o.number, api, login, o.Type)
		for _, path := range []string{"followers", "following{/other_user}", "gists{/gist_id}", "starred{/owner}{/repo}",
			"subscriptions", "orgs", "repos", "events{/privacy}", "received_events"} {
			name, _, _ := strings.Cut(path, "{")
			if name == "orgs" {
				name = "organizations"
			}
			text = fmt.Appendf(text, `,"%s_url":"%s/%s"`, name, api, path)
		}
		o.rest = append(text, '}')
	}
	return o.rest
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
