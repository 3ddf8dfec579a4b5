package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// maxNodes is the most nodes GitHub lets one query ask for.
const maxNodes = 500_000

// rateLimitMark stands where rateLimit goes until the cost is known.
const rateLimitMark = `"\u0000rateLimit"`

// A Fault is a way one request fails.
type Fault int

// The ways a request fails.
const (
	None        Fault = iota
	RateLimited       // the hour's budget is used up: 200 with an error for GraphQL, 403 for REST
	Secondary         // 403 with Retry-After
	TooMany           // 429 with Retry-After
	Unavailable       // 502 with a page
	Garbage           // 200 with half of the body's JSON
	Unspecific        // 200 with only "Something went wrong"
	Repeated          // further pages of a GraphQL list begin with the last item of the page before
	Hollow            // further pages of a GraphQL list are empty, but have a next page
)

// A Server answers for a World. Set its fields before the first request.
type Server struct {
	World *World
	Token string
	Limit int              // points and requests an hour; default 5000
	Tick  time.Duration    // how far the world's time moves on with each request
	Clock func() time.Time // what budgets are counted by; nil: the world's time

	HeavyOver int  // a query for more nodes than this ends as 502; 0: never
	NullsOver int  // nodes beyond this are null; 0: never
	Silent    bool // without an error that says so
	NoEmails  bool // the token lacks read:user
	NoMembers bool // the token lacks read:org

	// Deny names repositories (owner/name) that answer with a status: 403, 404,
	// 451; 410 switches issues and discussions off.
	Deny map[string]int
	// Refuse names objects, by node id, that the token may not see.
	Refuse map[string]bool
	// Fail decides how the nth request (from 1) fails.
	Fail func(n int, r *http.Request) Fault
	// Before runs before the nth request is answered, and may change the world.
	Before func(n int, r *http.Request)

	requests int
	used     map[string]int
	reset    time.Time
	Queries  []string // names of the GraphQL operations asked, in order
}

// ServeHTTP answers one request at a time.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := s.count()
	if s.Before != nil {
		s.Before(n, r)
	}
	s.World.mu.Lock()
	defer s.World.mu.Unlock()
	s.World.now = s.World.now.Add(s.Tick)
	resource := "core"
	if strings.HasSuffix(r.URL.Path, "/graphql") {
		resource = "graphql"
	}
	s.budget()
	w.Header().Set("Date", s.World.now.Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if r.Header.Get("Authorization") != "Bearer "+s.Token {
		s.headers(w, resource)
		answer(w, http.StatusUnauthorized, map[string]any{"message": "Bad credentials", "status": "401"})
		return
	}
	fault := None
	if s.Fail != nil {
		fault = s.Fail(n, r)
	}
	if fault != None && fault < Repeated && fault != Garbage {
		s.fail(w, fault, resource)
		return
	}
	switch {
	case resource == "graphql":
		s.graphql(w, r, fault)
	case s.left(resource) < 1:
		s.fail(w, RateLimited, resource)
	default:
		s.spend(resource, 1)
		s.headers(w, resource)
		s.rest(w, r, fault)
	}
}

func (s *Server) count() int {
	s.World.mu.Lock()
	defer s.World.mu.Unlock()
	s.requests++
	return s.requests
}

// Requests is how many there were.
func (s *Server) Requests() int {
	s.World.mu.Lock()
	defer s.World.mu.Unlock()
	return s.requests
}

// Spent is how much of a resource ("core", "graphql") this hour has used.
func (s *Server) Spent(resource string) int {
	s.World.mu.Lock()
	defer s.World.mu.Unlock()
	return s.used[resource]
}

func (s *Server) budget() {
	if s.used == nil || !s.clock().Before(s.reset) {
		s.used, s.reset = map[string]int{}, s.clock().Add(time.Hour)
	}
	if s.Limit == 0 {
		s.Limit = 5000
	}
}

func (s *Server) clock() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return s.World.now
}

// resetAt is when the budget is whole again, by the clock that answers show.
func (s *Server) resetAt() time.Time { return s.World.now.Add(s.reset.Sub(s.clock())) }

func (s *Server) spend(resource string, cost int) { s.used[resource] += cost }

func (s *Server) left(resource string) int { return max(0, s.Limit-s.used[resource]) }

func (s *Server) headers(w http.ResponseWriter, resource string) {
	h := w.Header()
	h.Set("X-RateLimit-Limit", fmt.Sprint(s.Limit))
	h.Set("X-RateLimit-Remaining", fmt.Sprint(s.left(resource)))
	h.Set("X-RateLimit-Used", fmt.Sprint(s.used[resource]))
	h.Set("X-RateLimit-Reset", fmt.Sprint(s.resetAt().Unix()))
	h.Set("X-RateLimit-Resource", resource)
}

func (s *Server) fail(w http.ResponseWriter, fault Fault, resource string) {
	switch fault {
	case RateLimited:
		s.used[resource] = s.Limit
		s.headers(w, resource)
		if resource == "graphql" {
			answer(w, http.StatusOK, map[string]any{"errors": []any{map[string]any{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}}})
			return
		}
		answer(w, http.StatusForbidden, map[string]any{"message": "API rate limit exceeded for user ID 1."})
	case Secondary, TooMany:
		s.headers(w, resource)
		w.Header().Set("Retry-After", "2")
		status := http.StatusForbidden
		if fault == TooMany {
			status = http.StatusTooManyRequests
		}
		answer(w, status, map[string]any{"message": "You have exceeded a secondary rate limit."})
	case Unspecific:
		s.headers(w, resource)
		answer(w, http.StatusOK, map[string]any{"data": nil, "errors": []any{map[string]any{
			"message": "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug."}}})
	default:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, "<html><body>502 Bad Gateway</body></html>")
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic(err) // bodies are plain values
	}
	w.WriteHeader(status)
	w.Write(b)
}

// graphql executes one query.
func (s *Server) graphql(w http.ResponseWriter, r *http.Request, fault Fault) {
	var request struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables"`
	}
	decoder := json.NewDecoder(r.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&request); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"message": "Problems parsing JSON"})
		return
	}
	document, err := parser.ParseQuery(&ast.Source{Input: request.Query})
	if err != nil || len(document.Operations) != 1 {
		answer(w, http.StatusOK, map[string]any{"errors": []any{map[string]any{"message": fmt.Sprint("Parse error: ", err)}}})
		return
	}
	s.Queries = append(s.Queries, document.Operations[0].Name)
	x := &execution{world: s.World, variables: request.Variables, fragments: document.Fragments, room: maxNodes, hidden: s.hidden, odd: fault}
	if s.NullsOver > 0 {
		x.room, x.silent = s.NullsOver, s.Silent
	}
	s.execute(w, x, document.Operations[0].SelectionSet, fault)
}

func (s *Server) execute(w http.ResponseWriter, x *execution, set ast.SelectionSet, fault Fault) {
	requests, nodes := x.weigh(set, 1)
	cost := max(1, (requests+50)/100)
	if s.left("graphql") < cost {
		s.fail(w, RateLimited, "graphql")
		return
	}
	if s.HeavyOver > 0 && nodes > s.HeavyOver {
		s.fail(w, Unavailable, "graphql")
		return
	}
	s.spend("graphql", cost)
	s.headers(w, "graphql")
	switch {
	case nodes > maxNodes:
		x.fault("MAX_NODE_LIMIT_EXCEEDED", fmt.Sprintf("This query requests up to %d possible nodes which exceeds the maximum limit of 500,000.", nodes), nil)
	case s.scopeFault(x, set):
	default:
		data := x.root(set)
		limit := fmt.Sprintf(`{"cost":%d,"remaining":%d,"resetAt":%q}`, cost, s.left("graphql"), s.resetAt().Format(time.RFC3339))
		body := `{"data":` + strings.Replace(string(data), rateLimitMark, limit, 1)
		if len(x.faults) > 0 {
			errors, _ := json.Marshal(x.faults)
			body += `,"errors":` + string(errors)
		}
		send(w, []byte(body+"}"), fault)
		return
	}
	answer(w, http.StatusOK, map[string]any{"errors": x.faults})
}

// send writes a body, or half of it.
func send(w http.ResponseWriter, body []byte, fault Fault) {
	if fault == Garbage {
		body = body[:len(body)/2]
	}
	w.Write(body)
}

// scopeFault refuses a query that selects what the token's scopes exclude.
func (s *Server) scopeFault(x *execution, set ast.SelectionSet) bool {
	selected := map[string]bool{}
	x.selected(set, selected)
	refused := ""
	switch {
	case s.NoEmails && selected["email"]:
		refused = "The 'email' field requires one of the following scopes: ['user:email', 'read:user']"
	case s.NoMembers && selected["membersWithRole"]:
		refused = "The 'membersWithRole' field requires one of the following scopes: ['read:org']"
	default:
		return false
	}
	x.fault("INSUFFICIENT_SCOPES", "Your token has not been granted the required scopes to execute this query. "+refused, nil)
	return true
}

func (x *execution) selected(set ast.SelectionSet, names map[string]bool) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if x.included(s.Directives) {
				names[s.Name] = true
				x.selected(s.SelectionSet, names)
			}
		case *ast.InlineFragment:
			x.selected(s.SelectionSet, names)
		case *ast.FragmentSpread:
			if fragment := x.fragments.ForName(s.Name); fragment != nil && x.included(s.Directives) {
				x.selected(fragment.SelectionSet, names)
			}
		}
	}
}

// hidden says why an object cannot be seen.
func (s *Server) hidden(o *Object) string {
	if s.Refuse[o.ID] {
		return "FORBIDDEN"
	}
	if o.Type != "Repository" {
		return ""
	}
	switch s.Deny[o.Text("nameWithOwner")] {
	case http.StatusNotFound:
		return "NOT_FOUND"
	case http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		return "FORBIDDEN"
	}
	return ""
}
