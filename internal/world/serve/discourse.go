package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rollcall/internal/world"
)

// Sizes of Discourse's pages.
const (
	postsPage     = 50
	topicsPage    = 30
	chunkSize     = 20
	usersPage     = 100
	actionsPage   = 30
	reviewsPage   = 10
	membersPage   = 50
	eventsPage    = 200
	explorerLimit = 1000
)

// BookmarksQuery is the id of the forum's Data Explorer query of bookmarks.
const BookmarksQuery = 5

// Refusals in Discourse's words.
const (
	notFound    = `{"errors":["The requested URL or resource could not be found."],"error_type":"not_found"}`
	notAllowed  = `{"errors":["You are not permitted to view the requested resource. The API username or key is invalid."],"error_type":"invalid_access"}`
	notAParam   = `{"errors":["You supplied invalid parameters to the request: %s"],"error_type":"invalid_parameters"}`
	keyLimited  = `{"errors":["You’ve performed this action too many times, please try again later."],"error_type":"rate_limit","extras":{"wait_seconds":%d,"time_left":"%d seconds"}}`
	addressSlow = "Slow down, too many requests from this IP address.\nPlease retry again in %d seconds.\nError code: ip_10_secs_limit.\n"
)

// Discourse serves one of the world's two forums, Forum or Lab. With the key
// the reader is its administrator, without one a visitor, who is shown no
// addresses, no bookmarks and no review queue.
func Discourse(w *world.World, source world.Source, options Options) http.Handler {
	s := &discourse{forum: newForum(w, source), options: options, limit: window{per: time.Minute}}
	s.limit.options = &s.options
	s.route()
	return withFaults(s, &s.options, discourseVoice{})
}

type discourse struct {
	forum   *forum
	options Options
	limit   window
	mux     *http.ServeMux
}

func (s *discourse) route() {
	s.mux = http.NewServeMux()
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /posts.json":                                     s.posts,
		"GET /posts/{id}":                                     s.post,
		"GET /posts/by_number/{topic}/{number}":               s.postByNumber,
		"GET /latest.json":                                    s.latest,
		"GET /t/{id}":                                         s.topic,
		"GET /t/{slug}/{id}":                                  s.topicOrPosts,
		"GET /categories.json":                                s.categories,
		"GET /tags.json":                                      s.tags,
		"GET /site/basic-info.json":                           s.basicInfo,
		"GET /user_actions.json":                              s.userActions,
		"GET /groups.json":                                    s.groups,
		"GET /groups/{name}/members.json":                     s.groupMembers,
		"GET /discourse-post-event/events.json":               s.events,
		"GET /discourse-post-event/events/{id}/invitees.json": s.invitees,
		"GET /session/current.json":                           s.admin(s.session),
		"GET /admin/users/list/{flag}":                        s.admin(s.users),
		"GET /admin/logs/search_logs.json":                    s.admin(s.searchLogs),
		"GET /review.json":                                    s.admin(s.review),
		"POST /admin/plugins/explorer/queries/{id}/run":       s.admin(s.explore),
	} {
		s.mux.HandleFunc(pattern, handle)
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, notFound) })
}

// ServeHTTP implements http.Handler.
func (s *discourse) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Api-Key")
	if key != "" && key != s.options.Key {
		refuse(w, http.StatusForbidden, notAllowed)
		return
	}
	if wait := s.limit.take(1); wait > 0 {
		discourseVoice{}.limited(w, r, wait)
		return
	}
	release := s.forum.show(s.options.now())
	defer release()
	s.mux.ServeHTTP(w, r)
}

// admin hides a route from whoever is none, as Discourse does.
func (s *discourse) admin(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.isAdmin(r) {
			refuse(w, http.StatusNotFound, notFound)
			return
		}
		handle(w, r)
	}
}

func (s *discourse) isAdmin(r *http.Request) bool {
	return s.options.Key != "" && r.Header.Get("Api-Key") == s.options.Key
}

func refuse(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // the reader may be gone
}

func send(w http.ResponseWriter, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err) // every value sent is built here
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(body) // the reader may be gone
}

// number reads a whole-number parameter; ok is false for one that is none.
// Absent, it is fallback.
func number(r *http.Request, name string, fallback int64) (n int64, ok bool) {
	text := r.FormValue(name)
	if text == "" {
		return fallback, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// page reads the parameter by which a list is cut, and refuses nonsense.
func page(w http.ResponseWriter, r *http.Request, name string, fallback int64) (n int64, ok bool) {
	if n, ok = number(r, name, fallback); !ok || n < 0 {
		refuse(w, http.StatusBadRequest, fmt.Sprintf(notAParam, name))
		return 0, false
	}
	return n, true
}

// pathID reads an id in a path, with or without .json.
func pathID(r *http.Request, name string) int64 {
	id, err := strconv.ParseInt(strings.TrimSuffix(r.PathValue(name), ".json"), 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// cut is the part of a list of that size from an offset on.
func cut[T any](list []T, offset, size int64) []T {
	from := min(max(offset, 0), int64(len(list)))
	return list[from:min(from+size, int64(len(list)))]
}

// stamp writes a moment as Discourse does, to the millisecond.
func stamp(m world.Moment) string { return m.Time().Format("2006-01-02T15:04:05.000Z") }

// stampOrNull is nil for what never was.
func stampOrNull(m world.Moment) *string {
	if m == 0 {
		return nil
	}
	text := stamp(m)
	return &text
}
