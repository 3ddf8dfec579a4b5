package serve_test

import (
	"fmt"
	"testing"

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
