package serve_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/internal/world"
	"rollcall/internal/world/serve"
)

// failing serves with one kind of fault at every first try.
func failing(t *testing.T, kind serve.Fault, vendor world.Source) http.Handler {
	t.Helper()
	w := smallWorld(t)
	o := options(w.End)
	o.Faults = serve.Faults{Rate: 1, Kinds: []serve.Fault{kind}, Wait: 3 * time.Second}
	if vendor == world.GitHub {
		return serve.GitHub(w, o)
	}
	return serve.Discourse(w, vendor, o)
}

func sent(h http.Handler, r *http.Request) *http.Response {
	r.Header.Set("Api-Key", key)
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestFaults_limitsAreSaidInEachVendorsForm(t *testing.T) {
	posts := func() *http.Request { return httptest.NewRequest(http.MethodGet, "/posts.json", nil) }
	answer := sent(failing(t, serve.Limited, world.Forum), posts())
	require.Equal(t, http.StatusTooManyRequests, answer.StatusCode)
	require.Equal(t, "3", answer.Header.Get("Retry-After"))
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.EqualValues(t, 3, gjson.GetBytes(body, "extras.wait_seconds").Int())

	answer = sent(failing(t, serve.Throttled, world.Forum), posts())
	require.Equal(t, http.StatusTooManyRequests, answer.StatusCode)
	require.Equal(t, "text/plain", answer.Header.Get("Content-Type"))
	require.NotEmpty(t, answer.Header.Get("Discourse-Rate-Limit-Error-Code"))

	answer = sent(failing(t, serve.Limited, world.GitHub), httptest.NewRequest(http.MethodGet, "/repos/tidewater/planner/issues", nil))
	require.Equal(t, http.StatusForbidden, answer.StatusCode)
	require.Equal(t, "3", answer.Header.Get("Retry-After"))

	answer = sent(failing(t, serve.Throttled, world.GitHub), httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{}`)))
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "0", answer.Header.Get("X-RateLimit-Remaining"))
	date, err := http.ParseTime(answer.Header.Get("Date"))
	require.NoError(t, err)
	require.Equal(t, strconv.FormatInt(date.Unix()+3, 10), answer.Header.Get("X-RateLimit-Reset"))
}

func TestFaults_cutAndSlowBodies(t *testing.T) {
	for kind, whole := range map[serve.Fault]bool{serve.CutBody: false, serve.SlowBody: true} {
		server := httptest.NewServer(failing(t, kind, world.Forum))
		answer, err := http.Get(server.URL + "/posts.json")
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.Equal(t, whole, err == nil, "%s: %v", kind, err)
		require.Equal(t, whole, gjson.ValidBytes(body))
		require.NoError(t, answer.Body.Close())
		server.Close()
	}
}

func TestFaults_repeatedPagesLoseNothing(t *testing.T) {
	w := smallWorld(t)
	h := failing(t, serve.Repeated, world.Forum)
	seen, rows := map[int64]bool{}, 0
	for page := 0; ; page++ {
		list := get(t, h, fmt.Sprintf("/latest.json?page=%d", page)).Get("topic_list")
		for _, topic := range list.Get("topics").Array() {
			seen[topic.Get("id").Int()] = true
			rows++
		}
		if !list.Get("more_topics_url").Exists() {
			require.Equal(t, len(seen)+page, rows, "each further page repeats one")
			break
		}
	}
	var posts []int64
	for _, p := range listedPosts(t, serve.Discourse(w, world.Forum, options(w.End))) {
		if p.Get("post_number").Int() == 1 {
			posts = append(posts, p.Get("topic_id").Int())
		}
	}
	require.Len(t, seen, len(posts))
}

func TestFaults_followFromTheSeed(t *testing.T) {
	w := smallWorld(t)
	codes := func(seed uint64) (list []int) {
		o := options(w.End)
		o.Faults = serve.Faults{Seed: seed, Rate: 0.3, Kinds: []serve.Fault{serve.Broken}}
		h := serve.Discourse(w, world.Forum, o)
		for n := range 40 {
			status, _ := ask(t, h, fmt.Sprintf("/latest.json?page=%d", n%10))
			list = append(list, status)
		}
		return list
	}
	require.Equal(t, codes(1), codes(1))
	require.NotEqual(t, codes(1), codes(2))
	require.Contains(t, codes(1), http.StatusOK)
	require.Contains(t, codes(1), http.StatusInternalServerError)
}

func TestFaults_stormRefusesSeveralTimesInARow(t *testing.T) {
	w := smallWorld(t)
	o := options(w.End)
	o.Faults = serve.Faults{Seed: 1, Rate: 0.2, Kinds: []serve.Fault{serve.Limited}, Storm: 4}
	h := serve.Discourse(w, world.Forum, o)
	inARow, longest := 0, map[int]bool{}
	for range 200 {
		if status, _ := ask(t, h, "/latest.json"); status == http.StatusTooManyRequests {
			inARow++
			continue
		}
		longest[inARow%4] = true
		inARow = 0
	}
	require.Equal(t, map[int]bool{0: true}, longest, "always four at a time")
}

func TestLimits_ofAMinuteAndAnHour(t *testing.T) {
	w := smallWorld(t)
	o, now := options(w.End), time.Unix(1_000_000, 0)
	o.Limit, o.Clock = 3, func() time.Time { return now }
	h := serve.Discourse(w, world.Forum, o)
	for range 3 {
		get(t, h, "/latest.json")
	}
	now = now.Add(20 * time.Second)
	status, body := ask(t, h, "/latest.json")
	require.Equal(t, http.StatusTooManyRequests, status)
	require.EqualValues(t, 40, gjson.Get(body, "extras.wait_seconds").Int())
	now = now.Add(40 * time.Second)
	get(t, h, "/latest.json")

	hub := serve.GitHub(w, o)
	issues := func() *http.Response {
		return sent(hub, httptest.NewRequest(http.MethodGet, "/repos/tidewater/planner/issues", nil))
	}
	require.Equal(t, "2", issues().Header.Get("X-RateLimit-Remaining"))
	require.Equal(t, "3", issues().Header.Get("X-RateLimit-Limit"))
	issues()
	refused := issues()
	require.Equal(t, http.StatusForbidden, refused.StatusCode)
	date, err := http.ParseTime(refused.Header.Get("Date"))
	require.NoError(t, err)
	require.Equal(t, strconv.FormatInt(date.Add(time.Hour).Unix(), 10), refused.Header.Get("X-RateLimit-Reset"))
	now = now.Add(time.Hour)
	require.Equal(t, http.StatusOK, issues().StatusCode)
}

func TestFaults_skewedClockShowsInDates(t *testing.T) {
	w := smallWorld(t)
	o := options(w.End)
	o.Faults.Skew = 90 * time.Second
	for _, h := range []http.Handler{serve.Discourse(w, world.Lab, o), serve.GitHub(w, o)} {
		answer := sent(h, httptest.NewRequest(http.MethodGet, "/repos/tidewater/planner/issues", nil))
		require.Equal(t, w.End.Time().Add(90*time.Second).Format(http.TimeFormat), answer.Header.Get("Date"))
	}
}
