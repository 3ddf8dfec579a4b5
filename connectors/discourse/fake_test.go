package discourse

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors/connectortest/replay"
)

const fakeKey = "k-1f2e3d4c5b6a798081"

// fakeNow is the day the fake forum stands still at.
var fakeNow = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)

// fakeForum is a small forum with every plugin: posts, topics and users of a
// replay, the rest by hand. One in three topics is solved by its last post.
func fakeForum(posts int) http.Handler {
	forum, err := replay.New(bytes.NewReader(fakePosts(posts)), replay.Options{
		Now: func() time.Time { return fakeNow }, Key: fakeKey, Admin: true,
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", forum)
	mux.HandleFunc("GET /latest.json", solved(forum, fakeSolvedList))
	mux.HandleFunc("GET /t/{id}", solved(forum, fakeSolvedTopic))
	for path, body := range map[string]string{
		"/tags.json":                        `{"tags":[{"id":1,"name":"go","text":"go","count":3}],"extras":{"tag_groups":[{"id":1,"tags":[{"id":2,"name":"sql","text":"sql"}]}]}}`,
		"/groups.json":                      `{"groups":[{"id":1,"name":"admins","automatic":true},{"id":41,"name":"champions","automatic":false,"can_see_members":true},{"id":42,"name":"hidden","automatic":false,"can_see_members":false}],"total_rows_groups":3}`,
		"/admin/logs/search_logs.json":      `[{"term":"Backup","searches":4,"ctr":50.0},{"term":"person@example.com","searches":1,"ctr":0}]`,
		"/discourse-post-event/events.json": `{"events":[{"id":3,"name":"Meetup","starts_at":"2025-07-01T18:00:00.000Z","post":{"id":3,"topic":{"title":"Meetup"}},"creator":{"id":1}}]}`,
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { answer(w, r, body) })
	}
	mux.HandleFunc("GET /groups/champions/members.json", offsets("members", 3, 2, func(n int) string { return fmt.Sprintf(`{"id":%d,"username":"user%d"}`, n, n) }))
	mux.HandleFunc("GET /user_actions.json", fakeLikes)
	mux.HandleFunc("GET /review.json", offsets("reviewables", 25, 10, func(n int) string {
		return fmt.Sprintf(`{"id":%d,"type":"ReviewableFlaggedPost","status":%d,"created_by_id":2,"post_id":%d,"created_at":%q}`, 26-n, n%4, n, fakeNow.AddDate(0, 0, -7*n).Format(time.RFC3339))
	}))
	mux.HandleFunc("GET /discourse-post-event/events/3/invitees.json", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, map[string]string{"going": `{"invitees":[{"id":7,"status":"going","user":{"id":1,"username":"user1"}}]}`}[r.URL.Query().Get("type")])
	})
	mux.HandleFunc("POST /admin/plugins/explorer/queries/5/run", fakeExplorer)
	return mux
}

// fakePosts writes four posts a day by twenty people: every fourth into one
// long topic, the others five to a topic, less those.
func fakePosts(n int) []byte {
	var lines bytes.Buffer
	for id := 1; id <= n; id++ {
		topic, number := 1+(id-1)/5, 1+(id-1)%5
		if id%4 == 0 {
			topic, number = 1000, id/4
		}
		when := fakeNow.Add(-time.Duration(n-id+1) * 6 * time.Hour).Format("2006-01-02T15:04:05.000Z")
		fmt.Fprintf(&lines, `{"id":%d,"name":"User","username":"user%d","avatar_template":"/a.png","created_at":%q,"cooked":"<p>Text %d</p>","post_number":%d,"post_type":1,"updated_at":%q,"reads":2,"score":0.4,"topic_id":%d,"topic_slug":"topic-%d","topic_title":"Topic %d","topic_html_title":"Topic %d","category_id":%d,"version":1,"can_wiki":false,"raw":"Text %d","actions_summary":[],"moderator":false,"admin":false,"staff":false,"user_id":%d,"hidden":false,"trust_level":1,"deleted_at":null,"user_deleted":false}`+"\n",
			id, 1+id%20, when, id, number, when, topic, topic, topic, topic, 1+topic%3, id, 1+id%20)
	}
	return lines.Bytes()
}

func answer(w http.ResponseWriter, r *http.Request, body string) {
	if body == "" {
		body = `{"invitees":[]}`
	}
	w.Header().Set("Date", fakeNow.Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Api-Key") != fakeKey {
		w.WriteHeader(http.StatusNotFound)
		body = `{"errors":["not found"],"error_type":"not_found"}`
	}
	fmt.Fprint(w, body)
}

// offsets serves a list of total items in pages by offset.
func offsets(name string, total, size int, item func(n int) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		var items []string
		for n := offset + 1; n <= min(offset+size, total); n++ {
			items = append(items, item(n))
		}
		answer(w, r, fmt.Sprintf(`{%q:[%s],"meta":{"total":%d}}`, name, strings.Join(items, ","), total))
	}
}

func fakeLikes(w http.ResponseWriter, r *http.Request) {
	user, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Query().Get("username"), "user"))
	offsets("user_actions", user%3, 30, func(n int) string {
		return fmt.Sprintf(`{"action_type":1,"created_at":%q,"post_id":%d,"post_number":1,"topic_id":1,"acting_user_id":%d,"acting_username":"user%d","user_id":9}`,
			fakeNow.AddDate(0, 0, -10-n).Format(time.RFC3339), 10*user+n, user, user)
	})(w, r)
}

func fakeExplorer(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.Atoi(gjson.Get(r.PostFormValue("params"), "after").String())
	var rows []string
	for id := after + 1; id <= min(after+3, 7); id++ {
		rows = append(rows, fmt.Sprintf(`[%d,1,"Post",%d,"2025-05-0%dT10:00:00.000Z"]`, id, id, id))
	}
	answer(w, r, `{"success":true,"columns":["id","user_id","bookmarkable_type","bookmarkable_id","created_at"],"rows":[`+strings.Join(rows, ",")+`]}`)
}

// solved changes what the replay answers before it is sent.
func solved(forum http.Handler, change func(body string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		kept := &keeper{header: w.Header(), status: http.StatusOK}
		forum.ServeHTTP(kept, r)
		w.WriteHeader(kept.status)
		fmt.Fprint(w, change(kept.body.String()))
	}
}

type keeper struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keeper) Header() http.Header         { return k.header }
func (k *keeper) WriteHeader(status int)      { k.status = status }
func (k *keeper) Write(p []byte) (int, error) { return k.body.Write(p) }

func fakeSolvedList(body string) string {
	for _, topic := range gjson.Get(body, "topic_list.topics").Array() {
		if topic.Get("id").Int()%3 == 0 {
			marked := strings.Replace(topic.Raw, `"has_accepted_answer":false`, `"has_accepted_answer":true`, 1)
			body = strings.Replace(body, topic.Raw, marked, 1)
		}
	}
	return body
}

func fakeSolvedTopic(body string) string {
	posts := gjson.Get(body, "post_stream.posts").Array()
	if gjson.Get(body, "id").Int()%3 != 0 || len(posts) == 0 {
		return body
	}
	last := posts[len(posts)-1]
	return fmt.Sprintf(`{"accepted_answer":{"post_number":%s},`, last.Get("post_number").Raw) + body[1:]
}
