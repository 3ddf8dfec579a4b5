// Package githubtest is a GitHub of its own: a small in-memory world of
// repositories, discussions, issues, people and stars that answers GraphQL by
// executing the query's selection over it, and the REST paths the connector
// uses, with GitHub's paging, costs, limits and ways of failing.
//
// A World is the content and changes only through its methods; a Server is
// the HTTP side. Both are deterministic.
package githubtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"
)

// An Object is one node of the graph.
type Object struct {
	Type string
	ID   string

	number int64 // databaseId
	fields map[string]any
	lists  map[string]*list
	rest   json.RawMessage // of an account, as REST writes it
}

// Text returns a field of the object that is a string, "" otherwise.
func (o *Object) Text(field string) string {
	text, _ := o.fields[field].(string)
	return text
}

// A list is a connection. GitHub's cursors of ordered lists hold the sort
// value and the id of an item, those of others just count.
type list struct {
	edges  []*edge
	counts bool
	orders map[string]*ordering // by field, with a minus for downwards
}

type edge struct {
	node   *Object
	fields map[string]any
}

// A World is what a GitHub knows. Its methods may be called from anywhere.
type World struct {
	mu           sync.Mutex
	now          time.Time
	next         int64
	nodes        map[string]*Object
	owners       map[string]*Object // by lower-case login
	repositories []*Object
	former       map[string]*Object // renamed repositories by old owner/name
	traffic      map[string][]day   // by repository id
	changes      int64              // made so far
	views        int64              // makes cursors of different worlds differ; see ExpireCursors
}

type day struct {
	date                             time.Time
	views, visitors, clones, cloners int64
}

// NewWorld returns an empty world at a time.
func NewWorld(now time.Time) *World {
	return &World{now: now.UTC().Truncate(time.Second), next: 1000, nodes: map[string]*Object{},
		owners: map[string]*Object{}, former: map[string]*Object{}, traffic: map[string][]day{}}
}

// Now is the world's time.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Advance moves the world's time on.
func (w *World) Advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Len returns how many objects of a type live.
func (w *World) Len(typ string) int { return len(w.All(typ)) }

// All returns the living objects of a type in the order they were made.
func (w *World) All(typ string) []*Object {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []*Object
	for _, o := range w.nodes {
		if o.Type == typ {
			all = append(all, o)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].number < all[j].number })
	return all
}

// prefix is that of GitHub's own node ids.
func prefix(typ string) string {
	switch typ {
	case "Repository":
		return "R_"
	case "Discussion":
		return "D_"
	case "DiscussionComment":
		return "DC_"
	case "Issue":
		return "I_"
	case "PullRequest":
		return "PR_"
	case "IssueComment":
		return "IC_"
	case "User":
		return "U_"
	case "Organization":
		return "O_"
	case "Reaction":
		return "REA_"
	case "Label":
		return "LA_"
	}
	return typ[:1] + "_"
}

// add makes an object with what all objects have.
func (w *World) add(typ string, fields map[string]any) *Object {
	w.next++
	id := prefix(typ) + base64.RawURLEncoding.EncodeToString([]byte(fmt.Sprintf("%06d", w.next)))
	o := &Object{Type: typ, ID: id, number: w.next, fields: fields, lists: map[string]*list{}}
	o.fields["id"], o.fields["databaseId"], o.fields["fullDatabaseId"] = id, w.next, fmt.Sprint(w.next)
	if _, given := o.fields["createdAt"]; !given {
		o.fields["createdAt"] = w.stamp()
	}
	if _, given := o.fields["updatedAt"]; !given {
		o.fields["updatedAt"] = o.fields["createdAt"]
	}
	w.nodes[id] = o
	return o
}

func (w *World) stamp() string { return w.now.Format(time.RFC3339) }

func (o *Object) list(name string) *list {
	if o.lists[name] == nil {
		o.lists[name] = &list{}
	}
	return o.lists[name]
}

func (o *Object) append(name string, node *Object, fields map[string]any) {
	l := o.list(name)
	l.edges = append(l.edges, &edge{node: node, fields: fields})
}

func (o *Object) remove(name string, node *Object) bool {
	l := o.list(name)
	for i, e := range l.edges {
		if e.node == node {
			l.edges = append(l.edges[:i:i], l.edges[i+1:]...)
			return true
		}
	}
	return false
}

func (w *World) repository(name string) *Object {
	for _, repo := range w.repositories {
		if strings.EqualFold(repo.Text("nameWithOwner"), name) {
			return repo
		}
	}
	return w.former[strings.ToLower(name)]
}

// ExpireCursors makes every page cursor given out so far invalid.
func (w *World) ExpireCursors() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.views++
}

// Number is the object's databaseId.
func (o *Object) Number() int64 { return o.number }
