package github

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"rollcall/connectors"
)

const cursorVersion = 1

// maxRepositories is how many repositories one instance can follow: their
// places all have to fit into one cursor.
const maxRepositories = 7000

// A position is how far a stream is in every repository. A round takes all
// repositories from where they were up to Target, one after the other; only a
// repository that was read to its end moves to Target, so that a walk that
// was cut off is taken up again and nothing between is lost.
type position struct {
	Done   map[int64]int64 // repository's databaseId -> all changes before it (Unix time) are read
	Base   int64           // the same for repositories not in Done; 0: read from the beginning
	Target int64           // the round's goal, 0 between rounds
	From   int64           // where the round began, for its claim of coverage
	At     int64           // repository being read
	Place  place           // how far in it
}

// A place is how far a stream is within one repository.
type place struct {
	Part   int    `json:"part,omitempty"`   // of streams made of several lists
	Floor  int64  `json:"floor,omitempty"`  // newest-first: read down to here; oldest-first: read on from here
	Target int64  `json:"target,omitempty"` // newest-first: when this walk began
	After  string `json:"after,omitempty"`  // newest-first: page cursor
}

// wire is a position as stored. Most repositories share the time they are
// done up to, so ids are grouped by it and written in base 36.
type wire struct {
	Version int               `json:"v"`
	Done    map[string]string `json:"done,omitempty"`
	Base    int64             `json:"base,omitempty"`
	Target  int64             `json:"target,omitempty"`
	From    int64             `json:"from,omitempty"`
	At      int64             `json:"at,omitempty"`
	Place   *place            `json:"place,omitempty"`
}

func parseCursor(c connectors.Cursor) (position, error) {
	p := position{Done: map[int64]int64{}}
	if len(c) == 0 {
		return p, nil
	}
	if since, ok := connectors.Since(c); ok {
		p.Base = max(1, since.Unix())
		return p, nil
	}
	var w wire
	if err := json.Unmarshal(c, &w); err != nil || w.Version != cursorVersion {
		return p, fmt.Errorf("cursor of another version: %w", connectors.ErrCursorExpired)
	}
	p.Base, p.Target, p.From, p.At = w.Base, w.Target, w.From, w.At
	if w.Place != nil {
		p.Place = *w.Place
	}
	for until, ids := range w.Done {
		at, err := strconv.ParseInt(until, 10, 64)
		for _, id := range strings.Fields(ids) {
			n, idErr := strconv.ParseInt(id, 36, 64)
			if err != nil || idErr != nil {
				return p, fmt.Errorf("cursor cannot be read: %w", connectors.ErrCursorExpired)
			}
			p.Done[n] = at
		}
	}
	return p, nil
}

// cursor writes the position.
func (p *position) cursor() connectors.Cursor {
	groups := map[int64][]int64{}
	for id, until := range p.Done {
		groups[until] = append(groups[until], id)
	}
	w := wire{Version: cursorVersion, Base: p.Base, Target: p.Target, From: p.From, At: p.At, Done: map[string]string{}}
	if p.Place != (place{}) {
		at := p.Place
		w.Place = &at
	}
	for until, ids := range groups {
		sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
		words := make([]string, len(ids))
		for i, id := range ids {
			words[i] = strconv.FormatInt(id, 36)
		}
		w.Done[strconv.FormatInt(until, 10)] = strings.Join(words, " ")
	}
	b, err := json.Marshal(w)
	if err != nil {
		panic(err) // strings and whole numbers always marshal
	}
	return b
}

// doneUntil is the time before which all changes of a repository are read; 0:
// it has not been read.
func (p *position) doneUntil(repository int64) int64 {
	if until, ok := p.Done[repository]; ok {
		return until
	}
	return p.Base
}

// begin starts a round unless one is under way.
func (p *position) begin(repositories []repository, now time.Time) {
	if p.Target != 0 {
		return
	}
	p.Target, p.From = now.Unix(), now.Unix()
	live := map[int64]int64{}
	for _, repo := range repositories {
		from := p.doneUntil(repo.id)
		if from == 0 {
			from = repo.created.Unix()
		} else {
			live[repo.id] = from
		}
		p.From = min(p.From, from)
	}
	p.Done = live
}

// placeOf is where to go on in a repository.
func (p *position) placeOf(repo repository, lookback time.Duration) place {
	if p.At == repo.id {
		return p.Place
	}
	return p.start(repo, lookback)
}

// start is where a round begins in a repository.
func (p *position) start(repo repository, lookback time.Duration) place {
	return place{Floor: floorOf(p.doneUntil(repo.id), lookback)}
}

// floorOf leaves 0, the beginning, as it is.
func floorOf(until int64, lookback time.Duration) int64 {
	if until == 0 {
		return 0
	}
	return max(1, until-int64(lookback/time.Second))
}

func (p *position) keep(repo repository, at place) { p.At, p.Place = repo.id, at }

func (p *position) finish(repo repository) {
	p.Done[repo.id] = p.Target
	p.At, p.Place = 0, place{}
}

// end closes the round.
func (p *position) end() {
	p.Target, p.From, p.At, p.Place = 0, 0, 0, place{}
}
