package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

// pageSize is the most GitHub gives of one connection.
const pageSize = 100

// lastTries is how often a query is made at its smallest size.
const lastTries = 3

// errEnough ends a walk from within its page callback.
var errEnough = errors.New("enough")

// A connection is a paged list of one GraphQL object. Its query takes the
// variables $first and $after, and those of inner for the lists within.
type connection struct {
	document  string
	variables map[string]any
	path      string         // of the list in data: "node.discussions"
	first     int            // page size to begin with
	inner     map[string]int // page sizes of the lists within
	weight    int            // lists within one node, for the estimate of points
}

// errUnreadable is an object, a repository mostly, that is not there or not
// visible to the token: it is passed over and said, and the others are read.
type errUnreadable struct{ reason string }

func (e *errUnreadable) Error() string { return e.reason }

// walk reads a connection page by page from after on. page gets the list and
// the cursor of the next page, empty on the last. A page that is too heavy is
// asked for again with all sizes halved, and sizes grow again afterwards: no
// page is accepted with holes in it while a smaller one may have none.
func (r *reading) walk(ctx context.Context, c connection, after string, page func(list gjson.Result, next string) error) error {
	size := shrinking{}
	for {
		got, err := r.ask(ctx, r.sized(c, after, size.halvings))
		if err == nil {
			err = r.complete(c, got)
		}
		if again, err := size.adjust(c, err); err != nil {
			return err
		} else if again {
			continue
		}
		list := got.data.Get(c.path)
		next, err := nextPage(c, list, after)
		if err != nil {
			return err
		}
		if err := page(list, next); err != nil || next == "" {
			return err
		}
		after = next
	}
}

func (r *reading) sized(c connection, after string, halvings int) query {
	variables := maps.Clone(c.variables)
	first := halved(c.first, halvings)
	nodes := 1 + first*c.weight
	variables["first"], variables["after"] = first, nil
	if after != "" {
		variables["after"] = after
	}
	for name, inner := range c.inner {
		variables[name] = halved(inner, halvings)
		nodes += first * c.weight * halved(inner, halvings)
	}
	return query{stream: r.stream.Name, document: c.document, variables: variables, cost: (nodes + 50) / 100}
}

func halved(n, times int) int { return max(1, n>>min(times, 30)) }

func nextPage(c connection, list gjson.Result, after string) (string, error) {
	if !list.Get("pageInfo.hasNextPage").Bool() {
		return "", nil
	}
	next := list.Get("pageInfo.endCursor").String()
	if next == "" || next == after {
		return "", &connectors.Transient{Err: fmt.Errorf("graphql %s: the page after %q repeats", c.document, after)}
	}
	return next, nil
}

// complete says whether everything asked for is in the answer. What GitHub
// refuses by name is passed over and said; a null it does not explain is one
// that a smaller page may have.
func (r *reading) complete(c connection, got answer) error {
	list := got.data.Get(c.path)
	f, denied := firstFault(got.faults, fault.denied)
	if !list.IsObject() {
		if denied {
			return &errUnreadable{f.message}
		}
		return &errUnreadable{"it is not there"}
	}
	if holes(list) > refusals(got) {
		return &errHeavy{fmt.Errorf("graphql %s: objects are missing from the answer", c.document)}
	}
	if denied {
		r.skipPart(c, f.message)
	}
	return nil
}

// refusals counts the nulls in lists that GitHub explains with a refusal.
func refusals(got answer) int {
	n := 0
	for _, f := range got.faults {
		last := f.path[strings.LastIndexByte(f.path, '.')+1:]
		if _, err := strconv.Atoi(last); (err == nil || last == "node") && got.data.Get(f.path).Type == gjson.Null {
			n++
		}
	}
	return n
}

// holes counts the nulls in a list, and in lists within its nodes, where an
// object should be: GitHub leaves out what a query has no resources left for.
// https://github.com/spiceai/spiceai/issues/14179
func holes(list gjson.Result) int {
	n := 0
	list.ForEach(func(name, value gjson.Result) bool {
		switch {
		case name.Str == "nodes" || name.Str == "edges":
			n += holesIn(value, name.Str == "edges")
		case value.IsObject():
			n += holes(value)
		}
		return true
	})
	return n
}

func holesIn(array gjson.Result, edges bool) int {
	if !array.IsArray() {
		return 1
	}
	n := 0
	array.ForEach(func(_, item gjson.Result) bool {
		if !item.IsObject() || edges && !item.Get("node").IsObject() {
			n++
		} else {
			n += holes(item)
		}
		return true
	})
	return n
}

// given returns a page's nodes or edges, less those that were refused.
func given(list gjson.Result, name string) []gjson.Result {
	var items []gjson.Result
	list.Get(name).ForEach(func(_, item gjson.Result) bool {
		if item.IsObject() && (name != "edges" || item.Get("node").IsObject()) {
			items = append(items, item)
		}
		return true
	})
	return items
}

// shrinking halves the sizes of a connection's queries after a heavy answer,
// faster each time, and doubles them after a good one.
type shrinking struct {
	halvings int
	failed   int // times in a row; each takes off one halving more than the last
	last     int // failures at the smallest size
}

func (s *shrinking) smallest(c connection) bool {
	largest := c.first
	for _, inner := range c.inner {
		largest = max(largest, inner)
	}
	return halved(largest, s.halvings) == 1
}

// adjust reports whether to ask again after err, or returns the error to give
// up with.
func (s *shrinking) adjust(c connection, err error) (again bool, _ error) {
	var heavy *errHeavy
	if !errors.As(err, &heavy) {
		s.halvings, s.failed, s.last = max(0, s.halvings-1), 0, 0
		return false, err
	}
	if !s.smallest(c) {
		s.failed++
		s.halvings += s.failed
		return true, nil
	}
	s.last++
	if s.last < lastTries {
		return true, nil
	}
	return false, giveUp(heavy)
}

// giveUp makes a heavy answer the transient failure it has proved to be.
func giveUp(heavy *errHeavy) error {
	var transient *connectors.Transient
	if errors.As(heavy.err, &transient) {
		return heavy.err
	}
	return &connectors.Transient{Err: heavy.err}
}
