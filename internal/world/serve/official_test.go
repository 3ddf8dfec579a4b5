package serve_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors/connectortest"
	"rollcall/internal/world"
	"rollcall/internal/world/serve"
)

func TestDiscourse_bodiesFitTheOfficialDocument(t *testing.T) {
	w := smallWorld(t)
	judge, judged := connectortest.Bodies(t, connectortest.Shared(t, "vendor/discourse/openapi.json"), discourseContradictions()...)
	for _, source := range []world.Source{world.Forum, world.Lab} {
		h := judge(serve.Discourse(w, source, options(w.End)))
		for _, p := range listedPosts(t, h) {
			if p.Get("post_number").Int() == 1 {
				topic := p.Get("topic_id").Int()
				get(t, h, fmt.Sprintf("/t/%d.json?include_raw=true", topic))
				get(t, h, fmt.Sprintf("/t/%d/posts.json?post_ids[]=%d", topic, p.Get("id").Int()))
				get(t, h, fmt.Sprintf("/posts/%d.json", p.Get("id").Int()))
			}
		}
		for page := range 3 {
			get(t, h, fmt.Sprintf("/latest.json?page=%d", page))
		}
		for _, u := range people(t, h, "order=seen") {
			get(t, h, "/user_actions.json?filter=1&username="+u.Get("username").Str)
		}
		for _, path := range []string{"/categories.json", "/tags.json", "/groups.json", "/groups/staff/members.json", "/site/basic-info.json", "/discourse-post-event/events.json"} {
			get(t, h, path)
		}
	}
	if judged() < 200 {
		t.Errorf("only %d answers were judged", judged())
	}
}

// discourseContradictions are places where Discourse's own answers, as its
// source and its recorded answers show, differ from its document.
func discourseContradictions() []connectortest.Contradiction {
	const (
		numbers = "the document knows null alone from its examples and types the rest as a string; the vendor sends a number"
		truth   = "the document knows null alone from its examples and types the rest as a string; the vendor sends true or false"
		count   = "the document's examples are of posts that nobody liked; one that is liked has a count"
		solved  = "made by the plugin discourse-solved, which the document leaves out"
	)
	return []connectortest.Contradiction{
		{Place: "GET /posts.json latest_posts.#.reply_to_post_number", Reason: numbers},
		{Place: "GET /posts.json latest_posts.#.actions_summary.#.count", Reason: count},
		{Place: "GET /t/{id}.json post_stream.posts.#.reply_to_post_number", Reason: numbers},
		{Place: "GET /t/{id}.json post_stream.posts.#.actions_summary.#.count", Reason: count},
		{Place: "GET /t/{id}.json post_stream.posts.#.raw", Reason: "sent where include_raw asks for it, a parameter that the document leaves out"},
		{Place: "GET /t/{id}.json post_stream.posts.#.action_code", Reason: "the document's examples have no note of the forum's own"},
		{Place: "GET /t/{id}.json post_stream.posts.#.accepted_answer", Reason: solved},
		{Place: "GET /t/{id}.json post_stream.posts.#.topic_accepted_answer", Reason: solved},
		{Place: "GET /t/{id}.json accepted_answer", Reason: solved},
		{Place: "GET /latest.json topic_list.topics.#.image_url", Reason: "the document's example has an image; a topic without one has null, as other paths of the document say"},
		{Place: "GET /latest.json topic_list.topics.#.posters.#.extras", Reason: "the document's example is of a latest poster; others have null"},
		{Place: "GET /user_actions.json user_actions.#.post_id", Reason: numbers},
		{Place: "GET /user_actions.json user_actions.#.post_type", Reason: numbers},
		{Place: "GET /user_actions.json user_actions.#.hidden", Reason: truth},
		{Place: "GET /categories.json category_list.categories.#.custom_fields", Reason: solved},
		{Place: "GET /admin/users/list/{flag}.json ", Reason: "the list ends with an empty page, as recorded answers show; the document wants one person at least"},
	}
}

// questions are the connector's own, as files.
func questions(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../../connectors/github/queries/*.graphql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		texts[strings.TrimSuffix(filepath.Base(file), ".graphql")] = string(text)
	}
	return texts
}

var spread = regexp.MustCompile(`\.\.\.([a-z]+)\b`)

// whole is a query with the fragments that it needs.
func whole(texts map[string]string, name string) string {
	query, have := texts[name], map[string]bool{}
	for done := false; !done; {
		done = true
		for _, match := range spread.FindAllStringSubmatch(query, -1) {
			if !have[match[1]] && texts[match[1]] != "" {
				have[match[1]], done = true, false
				query += "\n" + texts[match[1]]
			}
		}
	}
	return query
}

func query(t *testing.T, h http.Handler, text string, variables map[string]any) gjson.Result {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": text, "variables": variables})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	answer := gjson.ParseBytes(w.Body.Bytes())
	require.False(t, answer.Get("errors").Exists(), "%s: %s", text, answer.Get("errors").Raw)
	return answer.Get("data")
}

func TestGitHub_bodiesFitTheOfficialSchemas(t *testing.T) {
	w := smallWorld(t)
	graph, graphJudged := connectortest.GraphQLBodies(t, connectortest.Shared(t, "vendor/github/schema.graphql"), "/graphql")
	rest, restJudged := connectortest.Bodies(t, connectortest.Shared(t, "vendor/github/api.github.com.community-subset.openapi.json"), githubContradictions()...)
	h := rest(graph(serve.GitHub(w, options(w.End))))
	texts := questions(t)
	query(t, h, whole(texts, "viewer"), nil)
	query(t, h, whole(texts, "members"), map[string]any{"login": serve.Organization, "first": 100, "after": nil, "emails": true})
	owned := query(t, h, whole(texts, "owner_repositories"), map[string]any{"login": serve.Organization, "first": 100, "after": nil})
	repositories := owned.Get("repositoryOwner.repositories.nodes").Array()
	require.Len(t, repositories, 2)
	reactions, comments := 0, 0
	for _, repository := range repositories {
		list := map[string]any{"id": repository.Get("id").Str, "first": 100, "after": nil, "emails": true}
		query(t, h, whole(texts, "stars"), list)
		query(t, h, whole(texts, "labels"), map[string]any{"id": repository.Get("id").Str, "first": 100, "after": nil})
		var ids []string
		for _, d := range query(t, h, whole(texts, "discussions"), list).Get("node.discussions.nodes").Array() {
			ids = append(ids, d.Get("id").Str)
		}
		deep := map[string]any{"id": list["id"], "first": 20, "after": nil, "emails": true, "comments": 20, "replies": 10, "content": true}
		comments += int(query(t, h, whole(texts, "discussion_comments"), deep).Get("node.discussions.nodes.#.comments.nodes.#.id|@flatten|#").Int())
		base := "/repos/" + repository.Get("nameWithOwner").Str
		for _, path := range []string{"/issues?state=all&sort=updated&direction=asc&per_page=100", "/issues/comments?sort=updated&direction=asc&per_page=100"} {
			status, body := ask(t, h, base+path, "Authorization", "Bearer "+key)
			require.Equal(t, http.StatusOK, status)
			var listed []string
			for _, item := range gjson.Parse(body).Array() {
				listed = append(listed, item.Get("node_id").Str)
			}
			query(t, h, whole(texts, map[bool]string{true: "issue_comments", false: "issues"}[strings.Contains(path, "comments")]), objectsOf(path, listed))
			ids = append(ids, listed...)
		}
		for _, kind := range []string{"views", "clones"} {
			status, _ := ask(t, h, base+"/traffic/"+kind+"?per=day", "Authorization", "Bearer "+key)
			require.Equal(t, http.StatusOK, status)
		}
		answer := query(t, h, whole(texts, "reactions"), map[string]any{"ids": ids[:min(len(ids), 100)], "first": 50, "emails": true})
		reactions += int(answer.Get("nodes.#.reactions.nodes.#.id|@flatten|#").Int())
	}
	require.Positive(t, comments)
	require.Positive(t, reactions)
	require.Equal(t, 17, graphJudged())
	require.Equal(t, 8, restJudged())
}

func objectsOf(path string, ids []string) map[string]any {
	variables := map[string]any{"ids": ids, "emails": true}
	if strings.Contains(path, "comments") {
		variables["onIssues"] = true
	}
	return variables
}

// githubContradictions are places where GitHub's REST answers differ from its
// document.
func githubContradictions() []connectortest.Contradiction { return nil }
