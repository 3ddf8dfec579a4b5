package connectortest

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// A Fault is one way in which a source fails.
type Fault string

// The faults. Those that spoil an answer let the real handler make it first.
const (
	RateLimitJSON   Fault = "429 json"       // Retry-After, and {"extras":{"wait_seconds":N}}
	RateLimitText   Fault = "429 text"       // Retry-After, and a text/plain body
	RateLimitHeader Fault = "429 header"     // Retry-After alone
	ServerError     Fault = "500"            // with an HTML body
	TimeOut         Fault = "time-out"       // no answer until the client gives up
	Reset           Fault = "reset"          // the connection is reset before an answer
	CutBody         Fault = "cut body"       // the connection ends in the middle of the body
	MalformedJSON   Fault = "malformed json" // a complete answer that stops being JSON halfway
	WrongType       Fault = "wrong type"     // JSON whose arrays and objects are strings
	EmptyBody       Fault = "empty body"     // 200 and nothing
	EndlessBody     Fault = "endless body"   // an array that never ends
	SlowBody        Fault = "slow body"      // a body of which one byte comes, then no more
	Unauthorized    Fault = "401"
	Forbidden       Fault = "403"
	DuplicatePage   Fault = "duplicate page" // the answer to the request before, once more
	Echo            Fault = "echo"           // 422 with everything the request held, credentials included
)

// Passing lists the faults that another try cures.
func Passing() []Fault {
	return []Fault{RateLimitJSON, RateLimitText, RateLimitHeader, ServerError, Reset, CutBody, MalformedJSON, WrongType, EmptyBody}
}

// Faults puts faults in front of a handler: by rate, drawn from a seed, or at
// given requests.
type Faults struct {
	Kinds []Fault       // one is drawn for each request that fails by rate
	Rate  float64       // share of requests that fail; 1: all
	Seed  uint64        // the same seed fails the same requests in the same way
	Nth   map[int]Fault // request number, from 1, to fault; wins over Rate
	Wait  time.Duration // what a 429 asks for, in whole seconds; default 1 s
	Match func(*http.Request) bool
}

// Wrap returns the failing handler.
func (f Faults) Wrap(next http.Handler) *FaultyHandler {
	if f.Wait == 0 {
		f.Wait = time.Second
	}
	return &FaultyHandler{faults: f, next: next, pages: map[string]*httptest.ResponseRecorder{}, injected: map[Fault]int{},
		random: rand.New(rand.NewPCG(f.Seed, 0))}
}

// FaultyHandler is a handler with faults in front.
type FaultyHandler struct {
	faults Faults
	next   http.Handler

	mu       sync.Mutex
	random   *rand.Rand
	requests int
	injected map[Fault]int
	pages    map[string]*httptest.ResponseRecorder // last good answer by path
}

// Injected tells how often each fault was shown.
func (h *FaultyHandler) Injected() map[Fault]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.injected)
}

// Requests tells how many requests came, faulty ones included.
func (h *FaultyHandler) Requests() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.requests
}

// ServeHTTP implements http.Handler.
func (h *FaultyHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := h.draw(r)
	if fault == "" {
		page := h.answer(r)
		h.remember(r, page)
		send(w, page, page.Body.Bytes())
		return
	}
	h.show(fault, w, r)
}

// draw decides which fault this request meets, if any.
func (h *FaultyHandler) draw(r *http.Request) Fault {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.faults.Match != nil && !h.faults.Match(r) {
		return ""
	}
	h.requests++
	fault := h.faults.Nth[h.requests]
	if chance, kinds := h.random.Float64(), h.faults.Kinds; fault == "" && chance < h.faults.Rate && len(kinds) > 0 {
		fault = kinds[h.random.IntN(len(kinds))]
	}
	if fault == DuplicatePage && h.pages[r.URL.Path] == nil {
		return "" // nothing to repeat yet
	}
	if fault != "" {
		h.injected[fault]++
	}
	return fault
}

// answer lets the real handler answer into memory.
func (h *FaultyHandler) answer(r *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	h.next.ServeHTTP(recorder, r)
	return recorder
}

func (h *FaultyHandler) remember(r *http.Request, page *httptest.ResponseRecorder) {
	if page.Code != http.StatusOK {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages[r.URL.Path] = page
}

func (h *FaultyHandler) remembered(r *http.Request) *httptest.ResponseRecorder {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.pages[r.URL.Path]
}
