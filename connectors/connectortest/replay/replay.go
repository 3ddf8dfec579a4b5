// Package replay serves a recorded Discourse forum over HTTP with Discourse's
// own rules, at any moment of its life.
//
// The recording is JSON lines of post objects as /posts.json returns them. An
// id may stand on several lines, one for each version of the post. At the
// simulated time T a post exists if its created_at is not after T, and shows
// the newest version whose updated_at is not after T (before the first one:
// the oldest version). Everything else, topics and users included, is derived
// from the posts that exist at T.
//
//	forum, err := replay.New(file, replay.Options{Now: clock.Now})
//	server := httptest.NewServer(forum)
package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tidwall/gjson"
)

// Window is the form of /posts.json?before=.
type Window int

// The forms of /posts.json?before=.
const (
	WindowNew Window = iota // id < before, the 50 newest: a page is short only at the end
	WindowOld               // before-50 < id <= before: pages may be short or empty in the middle
)

// Limit is how a request is refused for its rate.
type Limit int

// The two refusals of Discourse, and none.
const (
	LimitNone Limit = iota
	LimitKey        // the API key's limit: a JSON body with wait_seconds
	LimitIP         // the address's limit: a text/plain body
)

// Options configure a Forum.
type Options struct {
	Now    func() time.Time // the simulated time; required
	Window Window
	// Key is the API key the forum knows. Requests with another one are
	// refused as Discourse does (403); empty: every key is known.
	Key string
	// Admin makes holders of a key admins: the user list, with made-up e-mail
	// addresses, answers them. Without it admin routes do not exist (404).
	Admin bool
	// LoginRequired closes the forum to requests without a key (403).
	LoginRequired bool
	Pinned        []int64 // topics that float to the top of /latest.json
	// Limited is asked before each request, the n-th counted from 1, and may
	// refuse it for its rate with RetryAfter; nil: never.
	Limited    func(r *http.Request, n int64) Limit
	RetryAfter time.Duration // rounded up to whole seconds
}

// A Forum is a recorded forum. It is an http.Handler and safe for concurrent
// use.
type Forum struct {
	options Options
	mux     *http.ServeMux

	mu       sync.RWMutex
	posts    map[int64]*post
	ids      []int64 // ascending
	gone     map[int64]bool
	closed   map[int64]bool // topics
	requests map[string]int
	served   int64
}

// New reads a recording, gzip or plain, into a forum.
func New(recording io.Reader, options Options) (*Forum, error) {
	if options.Now == nil {
		return nil, fmt.Errorf("replay: Options.Now is not set")
	}
	lines, err := open(recording)
	if err != nil {
		return nil, err
	}
	f := &Forum{options: options, posts: map[int64]*post{}, gone: map[int64]bool{},
		closed: map[int64]bool{}, requests: map[string]int{}}
	f.mux = f.routes()
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := f.add(line); err != nil {
				return nil, fmt.Errorf("replay: line %d: %w", n, err)
			}
		}
		if err == io.EOF {
			return f, nil
		}
		if err != nil {
			return nil, fmt.Errorf("replay: line %d: %w", n, err)
		}
	}
}

func open(recording io.Reader) (*bufio.Reader, error) {
	lines := bufio.NewReader(recording)
	if magic, _ := lines.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return lines, nil
	}
	unzipped, err := gzip.NewReader(lines)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	return bufio.NewReader(unzipped), nil
}

// Put adds a version of a post: a new post, an edit, a like, a move to
// another topic.
func (f *Forum) Put(object []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.add(object)
}

// Post returns the newest version of a post at the simulated time as the
// recording has it; nil if there is none.
func (f *Forum) Post(id int64) []byte {
	f.mu.RLock()
	defer f.mu.RUnlock()
	v := f.visible(id, f.options.Now())
	if v == nil {
		return nil
	}
	return v.object
}

// Len is how many posts can be read at the simulated time.
func (f *Forum) Len() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	n, now := 0, f.options.Now()
	for _, id := range f.ids {
		if f.visible(id, now) != nil {
			n++
		}
	}
	return n
}

// DeletePost takes a post away from now on, for every reader.
func (f *Forum) DeletePost(id int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone[id] = true
}

// DeleteTopic takes a topic and its posts away from now on.
func (f *Forum) DeleteTopic(id int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed[id] = true
}

// Requests counts the requests answered so far by route, refused ones under
// "429".
func (f *Forum) Requests() map[string]int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	counts := make(map[string]int, len(f.requests))
	for route, n := range f.requests {
		counts[route] = n
	}
	return counts
}

// post is one id with its versions, oldest first.
type post struct {
	versions []*version
}

// version is one recorded state of a post.
type version struct {
	object             []byte
	members            []member
	id, topic, number  int64
	postType           int64
	user               int64
	created, updatedAt time.Time
}

// member is one member of a post object, both parts as sent.
type member struct{ name, value string }

func (f *Forum) add(object []byte) error {
	v, err := parseVersion(bytes.Clone(object))
	if err != nil {
		return err
	}
	p := f.posts[v.id]
	if p == nil {
		p = &post{}
		f.posts[v.id] = p
		at, _ := slices.BinarySearch(f.ids, v.id)
		f.ids = slices.Insert(f.ids, at, v.id)
	}
	p.versions = append(p.versions, v)
	slices.SortStableFunc(p.versions, func(a, b *version) int { return a.updatedAt.Compare(b.updatedAt) })
	return nil
}

func parseVersion(object []byte) (*version, error) {
	if !gjson.ValidBytes(object) {
		return nil, fmt.Errorf("not JSON")
	}
	v := &version{object: object}
	gjson.ParseBytes(object).ForEach(func(name, value gjson.Result) bool {
		v.members = append(v.members, member{name.String(), value.Raw})
		switch name.String() {
		case "id":
			v.id = value.Int()
		case "topic_id":
			v.topic = value.Int()
		case "post_number":
			v.number = value.Int()
		case "post_type":
			v.postType = value.Int()
		case "user_id":
			v.user = value.Int()
		case "created_at":
			v.created = value.Time()
		case "updated_at":
			v.updatedAt = value.Time()
		}
		return true
	})
	if v.id <= 0 || v.topic <= 0 || v.created.IsZero() || v.updatedAt.IsZero() {
		return nil, fmt.Errorf("not a post object: id, topic_id, created_at and updated_at are needed")
	}
	return v, nil
}

// visible is the version of a post that a reader sees at now, nil if none.
func (f *Forum) visible(id int64, now time.Time) *version {
	p := f.posts[id]
	if p == nil || f.gone[id] || p.versions[0].created.After(now) {
		return nil
	}
	seen := p.versions[0]
	for _, v := range p.versions[1:] {
		if !v.updatedAt.After(now) {
			seen = v
		}
	}
	if f.closed[seen.topic] {
		return nil
	}
	return seen
}
