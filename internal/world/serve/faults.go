package serve

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A Fault is one way in which a vendor fails.
type Fault string

// The faults. Another try cures each; none hides a record for good.
const (
	Limited   Fault = "limited"    // the vendor's own 429, or GitHub's 403, with its true Retry-After
	Throttled Fault = "throttled"  // Discourse's 429 for an address, in plain text; GitHub's budget used up
	Broken    Fault = "broken"     // 500 of Discourse, 502 of GitHub, with a page of HTML
	CutBody   Fault = "cut body"   // the connection ends in the middle of the body
	SlowBody  Fault = "slow body"  // half of the body, a pause, the rest
	Repeated  Fault = "repeated"   // a page begins with the last row of the page before
	EmptyPage Fault = "empty page" // a page without rows although more follow: GitHub's GraphQL lists alone
)

// AllFaults lists them.
func AllFaults() []Fault {
	return []Fault{Limited, Throttled, Broken, CutBody, SlowBody, Repeated, EmptyPage}
}

// Faults are switched on by a Rate above 0. Whether a request fails follows
// from Seed, what is asked and how often it was asked before, in whatever order
// several readers ask.
type Faults struct {
	Seed  uint64
	Rate  float64       // share of requests that fail
	Kinds []Fault       // one is drawn for each; all if empty
	Storm int           // how often in a row a limit refuses the same request; default 1
	Wait  time.Duration // what a limit asks for, in whole seconds; default 1 s
	Pause time.Duration // of a slow body; default 50 ms
	Skew  time.Duration // how far the server's clock is ahead in its Date

	Shown *Counts // told of every fault, if there
}

// Counts counts the faults that were shown.
type Counts struct {
	mu sync.Mutex
	n  map[Fault]int
}

// Of is how often each was shown.
func (c *Counts) Of() map[Fault]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.n)
}

func (c *Counts) add(f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[Fault]int{}
	}
	c.n[f]++
}

// A voice is how a vendor says that it fails.
type voice interface {
	limited(w http.ResponseWriter, r *http.Request, wait int)   // Limited
	throttled(w http.ResponseWriter, r *http.Request, wait int) // Throttled
	broken(w http.ResponseWriter)                               // Broken
}

// faulty puts faults and the server's clock in front of a handler.
type faulty struct {
	next    http.Handler
	options *Options
	voice   voice

	mu    sync.Mutex
	asked map[uint64]int   // by what is asked
	storm map[uint64]Fault // and how the limit that refuses it was said
	left  map[uint64]int   // and how often it still does
}

func withFaults(next http.Handler, options *Options, voice voice) http.Handler {
	f := &options.Faults
	if len(f.Kinds) == 0 {
		f.Kinds = AllFaults()
	}
	f.Storm, f.Wait = max(f.Storm, 1), max(f.Wait, time.Second)
	if f.Pause == 0 {
		f.Pause = 50 * time.Millisecond
	}
	return &faulty{next: next, options: options, voice: voice, asked: map[uint64]int{}, storm: map[uint64]Fault{}, left: map[uint64]int{}}
}

// ServeHTTP implements http.Handler.
func (h *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := &h.options.Faults
	w.Header().Set("Date", h.options.Now().Add(f.Skew).UTC().Format(http.TimeFormat))
	if f.Rate == 0 {
		h.next.ServeHTTP(w, r)
		return
	}
	fault, err := h.draw(r)
	if err != nil {
		http.Error(w, "the request's body could not be read", http.StatusBadRequest)
		return
	}
	if fault != "" && f.Shown != nil {
		f.Shown.add(fault)
	}
	wait := int(f.Wait / time.Second)
	switch fault {
	case Limited:
		h.voice.limited(w, r, wait)
	case Throttled:
		h.voice.throttled(w, r, wait)
	case Broken:
		h.voice.broken(w)
	case CutBody, SlowBody:
		h.spoil(fault, w, r)
	default: // none, or one that the handler shows
		h.next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), faultKey{}, fault)))
	}
}

// draw decides how this request fails, if it does.
func (h *faulty) draw(r *http.Request) (Fault, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%s %s %s", r.Method, r.URL, body)
	what := sum.Sum64()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left[what] > 0 {
		h.left[what]--
		return h.storm[what], nil
	}
	h.asked[what]++
	f := &h.options.Faults
	random := rand.New(rand.NewPCG(f.Seed^what, uint64(h.asked[what])))
	if random.Float64() >= f.Rate {
		return "", nil
	}
	fault := f.Kinds[random.IntN(len(f.Kinds))]
	if fault == Limited || fault == Throttled {
		h.storm[what], h.left[what] = fault, f.Storm-1
	}
	return fault, nil
}

// faultKey finds the fault that a handler is to show itself in its request's
// context.
type faultKey struct{}

// shows says whether a request is to be answered with that fault.
func shows(r *http.Request, fault Fault) bool { return r.Context().Value(faultKey{}) == fault }

// spoil cuts an answer's body in two, and sends the second half late or never.
func (h *faulty) spoil(fault Fault, w http.ResponseWriter, r *http.Request) {
	kept := &keeper{header: w.Header(), status: http.StatusOK}
	h.next.ServeHTTP(kept, r)
	body := kept.body.Bytes()
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(kept.status)
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	if fault == CutBody {
		panic(http.ErrAbortHandler)
	}
	select {
	case <-time.After(h.options.Faults.Pause):
		_, _ = w.Write(body[len(body)/2:])
	case <-r.Context().Done():
	}
}

// keeper keeps an answer back.
type keeper struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keeper) Header() http.Header         { return k.header }
func (k *keeper) WriteHeader(status int)      { k.status = status }
func (k *keeper) Write(p []byte) (int, error) { return k.body.Write(p) }

type discourseVoice struct{}

func (discourseVoice) limited(w http.ResponseWriter, _ *http.Request, wait int) {
	w.Header().Set("Retry-After", strconv.Itoa(wait))
	refuse(w, http.StatusTooManyRequests, fmt.Sprintf(keyLimited, wait, wait))
}

func (discourseVoice) throttled(w http.ResponseWriter, _ *http.Request, wait int) {
	w.Header().Set("Retry-After", strconv.Itoa(wait))
	w.Header().Set("Discourse-Rate-Limit-Error-Code", "ip_10_secs_limit")
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusTooManyRequests)
	fmt.Fprintf(w, addressSlow, wait)
}

func (discourseVoice) broken(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusInternalServerError)
	fmt.Fprint(w, "<!DOCTYPE html><html><head><title>Oops</title></head><body><h1>Oops</h1><p>The software powering this discussion forum encountered an unexpected problem.</p></body></html>")
}
