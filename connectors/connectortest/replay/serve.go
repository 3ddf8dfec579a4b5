package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Refusals in Discourse's words.
const (
	notFound    = `{"errors":["The requested URL or resource could not be found."],"error_type":"not_found"}`
	notAllowed  = `{"errors":["You are not permitted to view the requested resource."],"error_type":"invalid_access"}`
	notLoggedIn = `{"errors":["You need to be logged in to do that."],"error_type":"not_logged_in"}`
	limitedIP   = "Slow down, too many requests from this IP address.\nPlease retry again in %d seconds.\nError code: ip_10_secs_limit.\n"
	limitedKey  = `{"errors":["You’ve performed this action too many times, please try again later."],"error_type":"rate_limit","extras":{"wait_seconds":%d,"time_left":"%d seconds"}}`
)

func (f *Forum) routes() *http.ServeMux {
	mux := http.NewServeMux()
	route := func(pattern string, handle http.HandlerFunc) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) {
			f.count(pattern)
			f.mu.RLock()
			defer f.mu.RUnlock()
			handle(w, r)
		})
	}
	route("/posts.json", f.latestPosts)
	route("/latest.json", f.latestTopics)
	route("/t/{id}", f.topic)
	route("/t/{id}/posts.json", f.topicPosts)
	route("/categories.json", f.categories)
	route("/tags.json", constant(`{"tags":[],"extras":{"tag_groups":[]}}`))
	route("/groups.json", constant(`{"groups":[],"extras":{"type_filters":[]},"total_rows_groups":0,"load_more_groups":"/groups?page=1"}`))
	route("/directory_items.json", f.directory)
	route("/session/current.json", f.session)
	route("/site/basic-info.json", constant(`{"title":"Replay","description":"","login_required":false}`))
	route("/admin/users/list/{flag}", f.adminUsers)
	route("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, notFound) })
	return mux
}

// ServeHTTP answers as Discourse would at the simulated time.
func (f *Forum) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", f.options.Now().UTC().Format(http.TimeFormat))
	if f.limited(w, r) {
		f.count("429")
		return
	}
	key := r.Header.Get("Api-Key")
	switch {
	case key != "" && f.options.Key != "" && key != f.options.Key:
		refuse(w, http.StatusForbidden, notAllowed)
	case key == "" && f.options.LoginRequired:
		refuse(w, http.StatusForbidden, notLoggedIn)
	default:
		f.mux.ServeHTTP(w, r)
	}
}

func (f *Forum) limited(w http.ResponseWriter, r *http.Request) bool {
	f.mu.Lock()
	f.served++
	n := f.served
	f.mu.Unlock()
	if f.options.Limited == nil {
		return false
	}
	wait := int64((f.options.RetryAfter + time.Second - 1) / time.Second)
	switch f.options.Limited(r, n) {
	case LimitKey:
		w.Header().Set("Retry-After", strconv.FormatInt(wait, 10))
		refuse(w, http.StatusTooManyRequests, fmt.Sprintf(limitedKey, wait, wait))
	case LimitIP:
		w.Header().Set("Retry-After", strconv.FormatInt(wait, 10))
		w.Header().Set("Discourse-Rate-Limit-Error-Code", "ip_10_secs_limit")
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprintf(w, limitedIP, wait)
	default:
		return false
	}
	return true
}

func (f *Forum) count(route string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests[route]++
}

func (f *Forum) admin(r *http.Request) bool {
	return f.options.Admin && r.Header.Get("Api-Key") != ""
}

func refuse(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // the reader may be gone
}

func constant(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { send(w, json.RawMessage(body)) }
}

func send(w http.ResponseWriter, value any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // a post is sent as it was recorded, by every route
	if err := encoder.Encode(value); err != nil {
		panic(err) // every value sent is built here
	}
	sendBytes(w, bytes.TrimSpace(body.Bytes()))
}

func sendBytes(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(body) // the reader may be gone
}

// number reads a whole-number parameter; fallback if it is absent or not one.
func number(r *http.Request, name string, fallback int64) int64 {
	n, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
	if err != nil {
		return fallback
	}
	return n
}
