package serve

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"rollcall/connectors/github/githubtest"
	"rollcall/internal/world"
)

// Organization is the login of the organisation that owns the repositories.
const Organization = "tidewater"

// GitHub serves the organisation's repositories: GraphQL and the REST lists
// that go with it, to a token that may read addresses and members.
func GitHub(w *world.World, options Options) http.Handler {
	h := &hub{world: w, options: options, isRepository: map[world.CommunityID]bool{}}
	for i := range w.Communities {
		h.isRepository[world.CommunityID(i)] = w.Communities[i].Source == world.GitHub
	}
	h.log = logOf(w, h.belongs)
	h.clear()
	return withFaults(h, &h.options, hubVoice{})
}

// A hub is the organisation at a moment. It moves on with the log, and starts
// over where the moment moves back.
type hub struct {
	world        *world.World
	options      Options
	isRepository map[world.CommunityID]bool
	log          []int32

	mu     sync.Mutex // over the moment and what is asked at it
	at     world.Moment
	next   int // in log
	graph  *githubtest.World
	server *githubtest.Server

	organization *githubtest.Object
	repositories map[world.CommunityID]*githubtest.Object
	labels       map[label]*githubtest.Object
	users        map[world.LoginID]*githubtest.Object
	threads      map[world.ThreadID]*githubtest.Object
	posts        map[world.PostID]*githubtest.Object // of an opening, its thread
	reactions    map[reacted]*githubtest.Object
	flagged      map[world.PostID]world.FlagReason
}

type label struct {
	repository world.CommunityID
	topic      uint8
}

type reacted struct {
	post   world.PostID
	by     world.LoginID
	detail uint8
}

func (h *hub) belongs(e *world.Event) bool {
	if concerns(e.Kind) {
		return h.world.Logins[e.Login].Source == world.GitHub
	}
	place := placeOf(h.world, e)
	return place != world.None && h.isRepository[place]
}

// clear goes back to the beginning: repositories, and nobody.
func (h *hub) clear() {
	h.at, h.next = 0, 0
	h.graph = githubtest.NewWorld(h.world.Start.Time())
	h.server = &githubtest.Server{World: h.graph, Token: h.options.Key, Limit: h.options.Limit, Clock: h.options.clock, Fail: oddPages}
	if h.options.Limit == 0 {
		h.server.Limit = 1 << 30
	}
	h.repositories, h.labels = map[world.CommunityID]*githubtest.Object{}, map[label]*githubtest.Object{}
	h.users, h.threads = map[world.LoginID]*githubtest.Object{}, map[world.ThreadID]*githubtest.Object{}
	h.posts, h.reactions = map[world.PostID]*githubtest.Object{}, map[reacted]*githubtest.Object{}
	h.flagged = map[world.PostID]world.FlagReason{}
	h.graph.Place(h.world.Start.Time(), 1)
	h.organization = h.graph.Organization(Organization)
	for i := range h.world.Communities {
		if c := &h.world.Communities[i]; c.Source == world.GitHub {
			h.graph.Place(c.Opened.Time(), c.ID)
			h.repositories[world.CommunityID(i)] = h.graph.Repository(h.organization, c.Name[strings.LastIndexByte(c.Name, '/')+1:])
		}
	}
}

// oddPages lets the server show the faults that are its own.
func oddPages(_ int, r *http.Request) githubtest.Fault {
	switch {
	case shows(r, Repeated):
		return githubtest.Repeated
	case shows(r, EmptyPage):
		return githubtest.Hollow
	}
	return githubtest.None
}

// ServeHTTP implements http.Handler.
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.move(h.options.now())
	date := w.Header().Get("Date") // by the server's own clock, which may be wrong
	h.server.ServeHTTP(dated{w, date}, r)
}

// dated keeps a Date that is set already.
type dated struct {
	http.ResponseWriter
	date string
}

func (d dated) WriteHeader(status int) {
	d.Header().Set("Date", d.date)
	d.ResponseWriter.WriteHeader(status)
}

func (d dated) Write(body []byte) (int, error) {
	d.Header().Set("Date", d.date)
	return d.ResponseWriter.Write(body)
}

func (h *hub) move(at world.Moment) {
	if at == h.at {
		return
	}
	if at < h.at {
		h.clear()
	}
	for ; h.next < len(h.log); h.next++ {
		e := &h.world.Events[h.log[h.next]]
		if e.Seen >= at {
			break
		}
		h.play(e, int64(h.log[h.next])+1)
	}
	h.at = at
	h.graph.Place(at.Time(), 1)
}

type hubVoice struct{}

func (hubVoice) limited(w http.ResponseWriter, _ *http.Request, wait int) {
	w.Header().Set("Retry-After", strconv.Itoa(wait))
	hubRefuses(w, http.StatusForbidden, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
}

// throttled says that the hour's budget is used up: GraphQL by an answer of
// 200, REST by one of 403.
func (hubVoice) throttled(w http.ResponseWriter, r *http.Request, wait int) {
	now, err := http.ParseTime(w.Header().Get("Date"))
	if err != nil {
		panic(err) // written by withFaults
	}
	header := w.Header()
	header.Set("X-RateLimit-Limit", "5000")
	header.Set("X-RateLimit-Remaining", "0")
	header.Set("X-RateLimit-Used", "5000")
	header.Set("X-RateLimit-Reset", strconv.FormatInt(now.Add(time.Duration(wait)*time.Second).Unix(), 10))
	header.Set("X-RateLimit-Resource", "core")
	if !strings.HasSuffix(r.URL.Path, "/graphql") {
		hubRefuses(w, http.StatusForbidden, "API rate limit exceeded for user ID 1.")
		return
	}
	header.Set("X-RateLimit-Resource", "graphql")
	header.Set("Content-Type", "application/json; charset=utf-8")
	fmt.Fprint(w, `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for user ID 1."}]}`)
}

func (hubVoice) broken(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	fmt.Fprint(w, "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>")
}

func hubRefuses(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message":%q,"documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api","status":"%d"}`, message, status)
}
